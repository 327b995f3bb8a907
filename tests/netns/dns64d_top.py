#!/usr/bin/python3
"""dns64ctl top beside a dns64d that answers clients.

    pseudo terminal --- dns64ctl --- control socket
                                     dns64d on 127.0.0.1 --- FakeUpstream

Needs no root and no network. Prints TAP.
"""

import contextlib
import itertools
import json
import pathlib
import re
import signal
import sys
import threading

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "dns"), str(TESTS / "ctl")]

from lab import case, equal, main

import dns.message

import behaviours as does
from controlled import CTL, Controlled
from fake_upstream import FakeUpstream
from terminal import Terminal


@contextlib.contextmanager
def asking(own, *names):
    """Ask for AAAA of these names, again and again, in the background. "{}" in
    a name is a number, another one each time, so that it is not cached."""
    done = threading.Event()

    def ask():
        """Answers may be missing while the daemon is away."""
        for number in itertools.count():
            for name in names:
                query = dns.message.make_query(name.format(number), "AAAA")
                with contextlib.suppress(Exception), own.udp() as sock:
                    sock.settimeout(0.5)
                    sock.send(query.to_wire())
                    sock.recv(4096)
            if done.wait(0.01):
                break
    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def top(own, *words, columns=80, rows=30):
    """dns64ctl top in a terminal."""
    return Terminal([CTL, "-s", own.socket, "top", *words], columns, rows)


def shows(term, *patterns):
    """Wait until one screen has them all."""
    term.until(lambda: all(re.search(p, term.text(), re.M) for p in patterns),
               patterns)


@case("queries, answers, cache, upstreams and clients are shown")
def _(_, __):
    with FakeUpstream() as up, Controlled(up, workers=2) as own, \
            asking(own, "four.example.", "six.example."), \
            own.udp("127.0.0.7") as sock:
        up.add("four.example. 300 A 192.0.2.1",
               "six.example. 300 AAAA 2001:db8::1")
        up.script("hang.example.", "A", does.silence)
        query = dns.message.make_query("hang.example.", "A").to_wire()
        with top(own, "-d", "0.5") as term:
            term.until(lambda: sock.send(query) and "127.0.0.7" in
                       term.text(), "a client whose query is in progress")
            more = r"[1-9][0-9.]*"
            shows(term, rf"^queries +{more}/s over UDP",
                  rf"^answers +{more}/s passed on  {more}/s synthesised",
                  rf"^cache +{more} % of {more} questions/s",
                  rf"^{re.escape(up.addr)}:{up.port} +up +[0-9.]+ ",
                  r"^UPSTREAM .* SENT +LOST$")
            term.resize(40, 30)
            shows(term, rf"^queries +{more}/s over UDP",
                  r"^UPSTREAM .* SENT/S( +LOST/S)?$")
            term.type("q")
            equal((term.wait(), term.is_restored()), (0, True))


@case("the order of the upstreams can be changed")
def _(_, __):
    with FakeUpstream() as up, FakeUpstream() as inside, Controlled(
            up, extra=f"upstream {inside.addr} port {inside.port} for "
            "corp.test") as own:
        def first(term):
            """The first one in the list."""
            found = re.search(r"^UPSTREAM.*\n(\S+)", term.text(), re.M)
            return found and found[1]
        for server, name in ((up, "n{}.example."), (inside, "n{}.corp.test.")):
            with asking(own, name), top(own, "-d", "0.5") as term:
                term.until(lambda t=term, s=server:
                           first(t) == f"{s.addr}:{s.port}", "order")
                term.type("s")
                term.wait_for("by latency")
                term.type("s")
                term.wait_for("by lost")
                term.type("q")
                equal(term.wait(), 0)


@case("a restart is waited for on a screen, and ends a batch with status 3")
def _(_, __):
    with FakeUpstream() as up, Controlled(up) as own, \
            asking(own, "four.example."):
        up.add("four.example. 300 A 192.0.2.1")
        with top(own, "-d", "0.2") as term, Terminal(
                [CTL, "-s", own.socket, "top", "-b", "-d0.1"], 80, 24) as \
                batch:
            shows(term, r"^queries +[1-9]")
            batch.wait_for("queries")
            own.process.send_signal(signal.SIGTERM)
            equal(own.process.wait(30), 0)
            equal(batch.wait(), 3)
            equal(b"is dns64d running" in batch.raw or
                  b"the answer is not complete" in batch.raw, True)
            term.wait_for("no answer  dns64ctl: ")
            own.err.truncate(0)
            equal(own.start(), True, "start")
            term.wait_for("no answer", gone=True)
            shows(term, r"^queries +[1-9]")
            term.type("q")
            equal(term.wait(), 0)


@case("a daemon that is stopped is spoken of, and q ends it all the same")
def _(_, up):
    with Controlled(up) as own, top(own, "-d", "0.2") as term:
        term.wait_for("queries")
        own.process.send_signal(signal.SIGSTOP)
        try:
            term.wait_for("dns64d does not answer")
            term.type("q")
            equal((term.wait(), term.is_restored()), (0, True))
        finally:
            own.process.send_signal(signal.SIGCONT)


@case("-j: counters and what they have grown, of all workers")
def _(_, __):
    with FakeUpstream() as up, Controlled(up, workers=2) as own, \
            asking(own, "four.example."):
        up.add("four.example. 300 A 192.0.2.1")
        lines = own.ctl("-j", "top", "-n", "3", "-d", "0.3").splitlines()
        equal(len(lines), 3)
        before, now = json.loads(lines[0]), json.loads(lines[2])
        for sample in (before, now):
            equal((sample["sort"], sample["seconds"] > 0,
                   sample["counters-per-second"]["synthesised"] >= 0,
                   sample["upstreams"][0]["lost-per-second"],
                   sample["clients"][:0]), ("queries", True, True, 0, []))
        equal(now["counters"]["queries-udp"] >=
              before["counters"]["queries-udp"], True)
        out = own.ctl("top", "-bn1", "-d.2", "--top", "1")
        equal((re.search(r"^queries    [0-9.]+/s over UDP", out, re.M) is
               None, "UPSTREAM" in out), (False, True), out)


if __name__ == "__main__":
    sys.exit(main(FakeUpstream))
