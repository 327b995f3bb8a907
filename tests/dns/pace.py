"""How long something took, on a machine that has other things to do as well.

A thread sleeps for TICK seconds again and again. On an idle machine that takes
just as long; on a busy one it wakes up late, as do the programs that a test
waits for. So the ticks since a moment are the time that the machine had for us.

    begin = time.monotonic()
    ...
    equal(since(begin) < 1, True)    # in time that the machine had for us
    equal(since(begin) > 0.5, True)  # in real time
"""

import bisect
import threading
import time

TICK = 0.005
ticks = []


def tick():
    while True:
        time.sleep(TICK)
        ticks.append(time.monotonic())


threading.Thread(target=tick, daemon=True).start()


class Span:
    """The time between two moments of time.monotonic()."""

    def __init__(self, begin, end):
        self.real = end - begin
        # One tick more: none has to be over when it begins or ends.
        had = bisect.bisect(ticks, end) - bisect.bisect(ticks, begin) + 1
        self.had = min(self.real, had * TICK)

    def __lt__(self, limit):
        return self.had < limit

    def __gt__(self, limit):
        return self.real > limit

    def __format__(self, spec):
        return f"{self.real:{spec}} ({self.had:{spec}} on an idle machine)"


def since(begin):
    """The time from a moment until now."""
    return Span(begin, time.monotonic())


def timed(function):
    """The result of a call, and how long it took."""
    begin = time.monotonic()
    return function(), since(begin)
