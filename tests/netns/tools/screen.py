#!/usr/bin/python3
"""Run a program in a terminal, do what the steps say, one after the other, and
print each when it is done.

    screen.py STEP ... -- command ...

    wait:REGEX  until the screen has a line that matches
    gone:REGEX  until none does
    key:KEYS    press these keys
    size:80x24  resize the terminal, which has this size at first
    signal:TERM send the program a signal
    end:STATUS  until the program has ended so, and has restored the terminal

Exit status 1, with the screen, when a step fails.
"""

import pathlib
import re
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "ctl"))
sys.dont_write_bytecode = True

from terminal import Terminal


def has_line(term, regex):
    """Does a line of the screen match?"""
    return any(re.search(regex, line) for line in term.lines())


def step(term, kind, what):
    """Do one; raises an exception when that fails."""
    if kind == "wait":
        term.until(lambda: has_line(term, what), what)
    elif kind == "gone":
        term.until(lambda: not has_line(term, what), what)
    elif kind == "key":
        term.type(what)
    elif kind == "size":
        term.resize(*map(int, what.split("x")))
    elif kind == "signal":
        term.signal(signal.Signals[f"SIG{what}"])
    elif kind == "end":
        found = (term.wait(), term.is_restored())
        if found != (int(what), True):
            raise AssertionError(f"status, restored: {found}")
    else:
        raise AssertionError(f"unknown step {kind}")


def main(argv):
    """Returns the exit status."""
    split = argv.index("--")
    with Terminal(argv[split + 1:], 80, 24) as term:
        for text in argv[:split]:
            try:
                step(term, *text.split(":", 1))
            except AssertionError as error:
                print(f"failed: {text}: {error}\n{term.text()}", flush=True)
                return 1
            print(f"done: {text}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
