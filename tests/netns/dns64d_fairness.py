#!/usr/bin/python3
"""Fairness of dns64d: a client that sends many queries must not keep others
from being answered.

    clients (this script, on several addresses of 127.0.0.0/8)
        --- dns64d on 127.0.0.1 --- an upstream

Needs no root and no network. Prints TAP.
"""

import contextlib
import heapq
import pathlib
import queue
import socket
import struct
import sys
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import Daemon, case, equal, framed, main, read_framed, records, until

import dns.message

import behaviours as does
from fake_upstream import FakeUpstream, silence

A = "192.0.2.1"
FLOOD, OTHER = "127.0.0.1", "127.0.0.2"
N = 20  # names that the other client asks for


class SlowUpstream:
    """
    Answers names that begin with "good" after a while, and no others; takes
    thousands of queries in a second.
    """

    def __init__(self, seconds):
        self.seconds, self.addr, self.running = seconds, "127.0.0.1", True
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((self.addr, 0))
        self.port = self.sock.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        """Receive, and send what is due."""
        due = []
        while self.running:
            self.sock.settimeout(0.005)
            with contextlib.suppress(socket.timeout):
                wire, peer = self.sock.recvfrom(4096)
                if wire[13:17] == b"good" or wire[12] == 0:
                    heapq.heappush(due, (time.monotonic() + self.seconds,
                                         peer, wire))
            while due and due[0][0] <= time.monotonic():
                _, peer, wire = heapq.heappop(due)
                self.sock.sendto(self.answer(wire), peer)

    def answer(self, wire):
        """An A record for the question."""
        end = wire.index(b"\0", 12) + 5
        return (wire[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0) +
                wire[12:end] + b"\xc0\x0c" +
                struct.pack("!HHIH", 1, 1, 300, 4) +
                socket.inet_aton(A))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.running = False
        self.thread.join()
        self.sock.close()


def resolved(own, word, n=N):
    """How many of n names another client gets, one after the other."""
    found = 0
    for i in range(n):
        with own.udp(OTHER) as sock:
            sock.settimeout(3)
            sock.send(dns.message.make_query(
                f"{word}{i}.example.", "A").to_wire())
            with contextlib.suppress(socket.timeout):
                found += records(dns.message.from_wire(sock.recv(65535)),
                                 "A") == [A]
    return found


@contextlib.contextmanager
def flood(own, word, per_second):
    """New names without end, from one client."""
    over = threading.Event()
    wire = dns.message.make_query(f"{word}000000.example.", "A").to_wire()

    def run():
        number, begin = 0, time.monotonic()
        with own.udp(FLOOD) as sock:
            sock.setblocking(False)
            while not over.is_set():
                while number < (time.monotonic() - begin) * per_second:
                    number += 1
                    with contextlib.suppress(OSError):
                        sock.send(wire.replace(b"000000", b"%06d" % number))
                    with contextlib.suppress(OSError):
                        sock.recv(4096)
                time.sleep(0.002)
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def over_tcp(script):
    """Truncation over UDP, and this over TCP."""
    def play(ask):
        if ask.proto == "udp" and ask.message.question[0].rdtype == 1:
            does.truncated(ask)
        else:
            script(ask)
    return play


def address(ask):
    """An A record for every name."""
    ask.answer(f"{ask.message.question[0].name} 300 A {A}")


def is_flood(ask):
    """Whether a name is of the client who asks for too much."""
    return ask.message.question[0].name.to_text().startswith("flood")


# Shows: DNS64-94 DNS64-95
@case("a flood of names from one client spoils no look-up of another")
def _(d, up):
    with SlowUpstream(0.1) as one, Daemon(
            one, extra="limit queries 100") as own:
        with flood(own, "flood", 2500):
            until(lambda: own.stats()["shed"] > 100, "shedding")
            equal(resolved(own, "good"), N, f"of {N}")
        equal("down" in own.log(), False, own.log())
        equal(own.stats()["upstream-noedns"], 0, "EDNS given up")


# Shows: DNS64-94
@case("clients who fill all TCP connections leave room for another")
def _(d, up):
    with FakeUpstream() as one, Daemon(
            one, extra="limit tcp-clients 30") as own, \
            contextlib.ExitStack() as stack:
        one.everything = lambda ask: silence(ask) if is_flood(ask) else \
            address(ask)
        for i in range(30):
            conn = stack.enter_context(own.tcp(f"127.0.1.{i % 6 + 1}"))
            conn.sendall(framed(dns.message.make_query(
                f"flood{i}.example.", "A").to_wire()))
        until(lambda: own.stats()["queries-tcp"] == 30, "all busy")
        with own.tcp(OTHER) as conn:
            conn.sendall(framed(dns.message.make_query(
                "other.example.", "A").to_wire()))
            reply = read_framed(conn.makefile("rb"))
            equal(reply is not None and records(reply, "A"), [A])
            equal(own.stats()["tcp-shed"], 1, "closed")
            # Who has as many as any other gets no more.
            conn.sendall(framed(dns.message.make_query(
                "flood-other.example.", "A").to_wire()))
            until(lambda: own.stats()["queries-tcp"] == 32, "busy as well")
            with own.tcp("127.0.1.2"):
                until(lambda: own.stats()["tcp-refused"] == 1, "refused")
            equal(own.stats()["tcp-shed"], 1, "closed")


# Shows: DNS64-94 DNS64-65
@case("one client's names that stall over TCP spoil no look-up of another")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        one.everything = over_tcp(lambda ask: silence(ask) if is_flood(ask)
                                  else address(ask))
        # More than there can be exchanges, each of which takes 2.5 s.
        with own.udp(FLOOD) as sock:
            for i in range(400):
                sock.send(dns.message.make_query(
                    f"flood{i}.example.", "A").to_wire())
                if i % 50 == 49:
                    time.sleep(0.02)
            until(lambda: own.stats()["upstream-tcp"] >= 256, "exchanges")
            equal(resolved(own, "other"), N, f"of {N}")


# Shows: DNS64-94 DNS64-65
@case("answers that come octet by octet hold up who asks for them")
def _(d, up):
    lines = {}

    def write(jobs):
        for ask in iter(jobs.get, None):
            question = ask.message.question[0]
            wire = framed(ask.reply(
                f"{question.name} 300 A {A}").to_wire())
            pieces = [wire[i:i + 1] for i in range(len(wire))] if \
                is_flood(ask) else [wire]
            for piece in pieces:
                with contextlib.suppress(OSError):
                    ask.conn.sendall(piece)
                if len(pieces) > 1:
                    time.sleep(0.1)

    def in_order(ask):
        # A server that works at one query of a connection after the other.
        if id(ask.conn) not in lines:
            lines[id(ask.conn)] = queue.Queue()
            threading.Thread(target=write, args=(lines[id(ask.conn)],),
                             daemon=True).start()
        lines[id(ask.conn)].put(ask)
    with FakeUpstream() as one, Daemon(one) as own:
        one.everything = over_tcp(in_order)
        with flood(own, "flood", 20):
            until(lambda: own.stats()["upstream-tcp"] > 30, "exchanges")
            equal(resolved(own, "other"), N, f"of {N}")


if __name__ == "__main__":
    sys.exit(main(FakeUpstream))
