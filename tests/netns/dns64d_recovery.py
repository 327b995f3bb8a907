#!/usr/bin/python3
"""dns64d and upstreams that are slow, lossy, silent for a while, or away.

    client (this script) --- dns64d on 127.0.0.1 --- FakeUpstream

Each case has a daemon and an upstream of its own, and they run side by side:
most of the time they wait. Needs no root and no network. Prints TAP.
"""

import pathlib
import random
import socket
import sys
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import (PREFIX, Daemon, case, ede_codes, equal, main, records, types,
                 until)
from pace import timed

import dns.message
import dns.rcode

from fake_upstream import FakeUpstream, silence

A = "192.0.2.1"
AAAA = f"{PREFIX}c000:201"


def address(ask):
    """An A record for every name, and no AAAA."""
    question = ask.message.question[0]
    if question.rdtype == 1:
        ask.answer(f"{question.name} 300 A {A}")
    else:
        ask.answer(soa=True)


def with_opt(ask):
    """The same with OPT, if the query has it, and with a signature."""
    question = ask.message.question[0]
    reply = ask.reply(soa=True)
    if question.rdtype == 1:
        reply = ask.reply(f"{question.name} 300 A {A}")
    if ask.message.edns >= 0:
        reply.use_edns(0, ask.message.ednsflags)
    ask.send(reply)


def lossy(share, seed):
    """Lose a share of the queries and of the answers."""
    chance = random.Random(seed)

    def script(ask):
        if chance.random() >= share and chance.random() >= share:
            address(ask)
    return script


def silent_for(seconds, script=address):
    """Silence from the first query on, then a script."""
    begin = []

    def play(ask):
        begin.append(time.monotonic())
        if time.monotonic() - begin[0] >= seconds:
            script(ask)
    return play


def resolve(own, name, rdtype="AAAA", seconds=4.9, **how):
    """The answer within the time that a stub waits, or None."""
    query = dns.message.make_query(name, rdtype, **how)
    with own.udp() as sock:
        sock.settimeout(seconds)
        sock.send(query.to_wire())
        try:
            return dns.message.from_wire(sock.recv(65535))
        except socket.timeout:
            return None


def at_once(jobs):
    """Run functions side by side; returns what they return."""
    results = [None] * len(jobs)

    def run(number):
        results[number] = jobs[number]()
    threads = [threading.Thread(target=run, args=(i,))
               for i in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def resolved(own, word, n):
    """How many of n new names, asked for at once, have their address."""
    replies = at_once([lambda i=i: resolve(own, f"{word}{i}.example.")
                       for i in range(n)])
    return sum(reply is not None and records(reply, "AAAA") == [AAAA]
               for reply in replies)


# --- slow and lossy ------------------------------------------------------

# Shows: DNS64-88 DNS64-78
@case("where a third of all packets is lost twenty of twenty are answered")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        one.everything = lossy(0.165, 1)  # of queries, and of answers: 0.3
        equal(resolved(own, "lossy", 20), 20)
        equal("down" in own.log(), False, own.log())
        equal(own.stats()["upstream-noedns"], 0, "EDNS given up")


# Shows: DNS64-88
@case("an upstream may be silent for up to three seconds")
def _(d, up):
    def wait(seconds):
        with FakeUpstream() as one, Daemon(one) as own:
            one.everything = address
            resolve(own, "first.example.")
            one.everything = silent_for(seconds)
            return resolved(own, "quiet", 20)
    spans = (0.5, 1, 2, 3)
    equal(at_once([lambda s=s: wait(s) for s in spans]), [20] * len(spans),
          f"of 20, after {spans} s")


# Shows: DNS64-78
@case("a server has three queries for one question, then a second's rest")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        times = []
        one.everything = address
        resolve(own, "first.example.", "A")
        one.everything = lambda ask: times.append(time.monotonic()) if \
            ask.message.question[0].name.to_text() == "mute.example." \
            else address(ask)
        reply, seconds = timed(lambda: resolve(own, "mute.example.", "A"))
        equal(reply.rcode(), dns.rcode.SERVFAIL)
        equal(4 < seconds < 4.9, True, f"{seconds:.2f} s")
        times = [t - times[0] for t in times]
        equal(6 <= len(times) <= 9, True, f"tries at {times}")
        equal(3 <= times[-1] < 4.2, True, f"the last of {times}")
        equal(all(b - a > 0.95 for a, b in zip(times[2::3], times[3::3])),
              True, f"rests between {times}")


# --- away and back -------------------------------------------------------

def outage(own, leave, back, seconds):
    """
    Ask for a busy name and new ones during an outage. Returns the seconds
    that each of them waits for an address after the return.
    """
    end = []

    def client(name):
        while not end or time.monotonic() < end[0] + 8:
            reply = resolve(own, name, seconds=0.3)
            if reply is not None and records(reply, "AAAA") and end:
                return time.monotonic() - end[0]
            time.sleep(0.05)
        return 99
    leave()
    jobs = [lambda n=n: client(f"{n}.example.")
            for n in ("busy", "busy", "other", "third")]

    def come_back():
        time.sleep(seconds)
        end.append(time.monotonic())
        back()
        return 0
    return max(at_once([*jobs, come_back]))


# Shows: DNS64-87 DNS64-78
@case("when a silent upstream is back every name is answered in a second")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        def set_script(script):
            one.everything = script
        waited = outage(own, lambda: set_script(silence),
                        lambda: set_script(address), 12)
        equal(waited < 1, True, f"{waited:.2f} s")


# Shows: DNS64-87 DNS64-78
@case("the same for a single name, for which no server was marked down")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        one.everything = silence
        equal(resolve(own, "lone.example.", "A").rcode(), 2)
        one.everything = address
        time.sleep(0.9)
        reply = resolve(own, "lone.example.", "A")
        equal(records(reply, "A"), [A])


# Shows: DNS64-87 DNS64-78
@case("the same where the port was closed")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        again = []

        def come_back():
            again.append(FakeUpstream(port=one.port))
            again[0].everything = address
        waited = outage(own, one.close, come_back, 8)
        again[0].close()
        one.close = lambda: None
        equal(waited < 1, True, f"{waited:.2f} s")


# Shows: DNS64-78
@case("a name that a server leaves unanswered is held, whoever else is not")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        one.everything = address
        one.script("hole.example.", "A", silence)
        one.everything = lambda ask: None if \
            ask.message.question[0].name.to_text() == "hole.example." \
            else address(ask)
        done = []

        def others():
            for i in range(100):
                if done:
                    break
                resolve(own, f"live{i}.example.", "A")
                time.sleep(0.1)
        helper = threading.Thread(target=others)
        helper.start()
        equal(resolve(own, "hole.example.", "A").rcode(), 2)
        asked = len(one.asked("hole.example."))
        reply, seconds = timed(lambda: resolve(own, "hole.example.", "A"))
        done.append(True)
        helper.join()
        equal((reply.rcode(), len(one.asked("hole.example."))), (2, asked))
        equal(seconds < 1, True, f"{seconds:.2f} s")
        equal("down" in own.log(), False, own.log())


# Shows: DNS64-88 DNS64-85 DNS64-81
@case("while all are down the answer comes early: stale, or SERVFAIL")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        one.everything = lambda ask: ask.answer(
            f"{ask.message.question[0].name} 1 A {A}")
        equal(records(resolve(own, "old.example.", "A"), "A"), [A])
        one.everything = silence
        at_once([lambda i=i: resolve(own, f"lost{i}.example.", "A")
                 for i in range(3)])
        until(lambda: "down" in own.log(), "down")
        time.sleep(2)
        reply, seconds = timed(lambda: resolve(own, "new.example.", "A",
                                               use_edns=0))
        equal((reply.rcode(), types(reply)), (dns.rcode.SERVFAIL, []))
        equal(22 in ede_codes(reply), True, f"{ede_codes(reply)}")
        equal(seconds < 2.9, True, f"SERVFAIL after {seconds:.2f} s")
        reply, seconds = timed(lambda: resolve(own, "old.example.", "A"))
        equal(records(reply, "A"), [A])
        equal(seconds < 2.9, True, f"stale after {seconds:.2f} s")


# --- EDNS ----------------------------------------------------------------

def has_opt(seen):
    """Whether a query had OPT."""
    return seen.message.edns >= 0


# Shows: DNS64-59
@case("an upstream that is silent at first keeps its EDNS")
def _(d, up):
    def start(seconds):
        with FakeUpstream() as one, Daemon(one) as own:
            one.everything = silent_for(seconds, with_opt)
            at_once([lambda i=i: resolve(own, f"start{i}.example.")
                     for i in range(3)])
            for i in range(5):
                resolve(own, f"signed{i}.example.", "A", want_dnssec=True)
            plain = [i for i in range(5) if not all(
                has_opt(s) for s in one.asked(f"signed{i}.example."))]
            return plain, own.stats()["upstream-noedns"]
    spans = (0.5, 1.1, 1.5, 2.5)
    equal(at_once([lambda s=s: start(s) for s in spans]),
          [([], 0)] * len(spans), f"asked without OPT after {spans} s")


# Shows: DNS64-59
@case("an upstream that begins to drop OPT is found out, and tried again")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        one.everything = with_opt
        resolve(own, "early.example.", "A")
        one.everything = lambda ask: ask.message.edns < 0 and address(ask)
        for name in ("drop1", "drop2", "drop3"):
            reply = resolve(own, f"{name}.example.", "A")
            equal(reply is not None and records(reply, "A"), [A], name)
        reply, seconds = timed(lambda: resolve(own, "quick.example.", "A"))
        equal((records(reply, "A"), seconds < 1), ([A], True),
              f"{seconds:.2f} s")
        equal(own.stats()["upstream-noedns"], 1, "found out")


# Shows: DNS64-59
@case("an upstream that never took OPT is served from the first name on")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        one.everything = lambda ask: ask.message.edns < 0 and address(ask)
        equal(resolved(own, "plain", 3), 3)
        for name in ("more1", "more2"):
            equal(records(resolve(own, f"{name}.example.", "A"), "A"), [A])
        reply, seconds = timed(lambda: resolve(own, "quick.example.", "A"))
        equal((records(reply, "A"), seconds < 1), ([A], True),
              f"{seconds:.2f} s")


if __name__ == "__main__":
    sys.exit(main(FakeUpstream, workers=6))
