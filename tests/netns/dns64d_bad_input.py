#!/usr/bin/python3
"""Malformed input to dns64d: over UDP and TCP, from clients and from
upstreams. No crash, no hang, no growth, little work.

    client (this script) --- dns64d on 127.0.0.1 --- FakeUpstream

SEED=n in the environment repeats a run: each failure names its own. Needs no
root and no network. Prints TAP.
"""

import itertools
import os
import pathlib
import random
import select
import socket
import struct
import sys
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import (PREFIX, SANITIZED, Daemon, case, equal, framed, main,
                 records, until)
from pace import since

import dns.edns
import dns.message
import dns.name

import behaviours as does
from fake_upstream import FakeUpstream

SECONDS = 1.5  # of each storm
EACH = 60  # messages of which the work is measured at once
RECEIVED = 4  # how many times the work of receiving it one may take
SEED = int(os.environ.get("SEED") or random.randrange(1 << 32))
LETTERS = b"\x00\x01\x3f\x40\x7f\x80\xbf\xc0\xc1\xff"


def mutate(rnd, wire):
    """Octets changed, cut, doubled or moved."""
    wire = bytearray(wire)
    for _ in range(rnd.randrange(1, 5)):
        at = rnd.randrange(len(wire) or 1)
        match rnd.randrange(6):
            case 0 if wire:
                wire[at] = rnd.randrange(256)
            case 1 if wire:
                wire[at] = rnd.choice(LETTERS)
            case 2:
                del wire[at:]
            case 3:
                wire[at:at] = rnd.randbytes(rnd.randrange(1, 20))
            case 4:
                wire += wire[at:at + rnd.randrange(200)]
            case 5 if len(wire) > 12:
                wire[rnd.randrange(4, 12)] ^= 1 << rnd.randrange(8)
    return bytes(wire)


def queries():
    """Good queries, to be spoilt."""
    options = [dns.edns.GenericOption(code, bytes(8))
               for code in (8, 10, 11, 12, 15)]
    for name, rdtype in (("a.example.", "AAAA"), ("b.example.", "A"),
                         ("ipv4only.arpa.", "AAAA"),
                         (f"{'1.' * 32}ip6.arpa.", "PTR"),
                         ("x." * 120, "AAAA"), ("c.example.", "HTTPS")):
        yield dns.message.make_query(name, rdtype).to_wire()
        yield dns.message.make_query(name, rdtype, use_edns=0,
                                     want_dnssec=True,
                                     options=options).to_wire()


def replies(ask):
    """Good and bad replies to a query, to be spoilt."""
    name = ask.message.question[0].name
    deep = "deep." if name == dns.name.root else f"deep.{name}"
    reply = ask.reply(f"{name} 300 CNAME {deep}" if len(name.to_wire())
                      < 200 else "long. 300 A 192.0.2.1",
                      "deep.example. 300 A 192.0.2.1",
                      'deep.example. 300 TXT "abc" "def"',
                      "deep.example. 300 HTTPS 1 . ipv4hint=192.0.2.1",
                      does.rrsig("deep.example.", "A"), soa=True)
    return [reply.to_wire(), ask.from_zone().to_wire()]


def upright(d, up):
    """It runs, answers, and did not grow without bound."""
    equal(d.process.poll(), None, "exit status")
    for tcp in (False, True):
        name = f"alive{time.monotonic_ns()}.example."
        up.add(f"{name} 300 A 192.0.2.33")
        begin = time.monotonic()
        reply = d.ask(name, tcp=tcp)
        equal((reply.rcode(), records(reply, "AAAA")),
              (0, [f"{PREFIX}c000:221"]), d.log())
        equal(since(begin) < 1, True, "answer in time")


def rest(up):
    """Wait until the upstream has worked off what it was asked."""
    counts = []

    def unchanged():
        time.sleep(0.1)
        counts.append(len(up.seen))
        return len(counts) > 1 and counts[-1] == counts[-2]
    until(unchanged, "rest")


def storm(d, up, what, one):
    """Call one(random), which sends some messages and says how many, for a
    while. What it does to the upstream ends with it."""
    rnd, n = random.Random(f"{SEED} {what}"), 0
    used, begin, rss = d.cpu_seconds(), time.monotonic(), d.rss()
    try:
        while time.monotonic() - begin < SECONDS:
            n += one(rnd)
    except Exception as error:
        raise AssertionError(f"SEED={SEED}") from error
    finally:
        up.everything = None
    print(f"# {what}: {n} messages, {(d.cpu_seconds() - used) / n * 1e6:.0f}"
          f" us each, {d.rss() - rss} KiB more, SEED={SEED}", flush=True)
    rest(up)
    upright(d, up)
    equal(n > 100, True, f"only {n} messages")
    equal(SANITIZED or d.rss() - rss < 30000, True,
          f"grew by {d.rss() - rss} KiB")


def ask_many(d, names):
    """Ask for new names, and wait a little for the answers."""
    with d.udp() as sock:
        for _ in range(20):
            sock.send(dns.message.make_query(
                f"n{next(names)}.example.", "AAAA").to_wire())
        sock.settimeout(0.02)
        try:
            for _ in range(20):
                sock.recv(65535)
        except OSError:
            pass
    return 20


# Shows: DNS64-39 DNS64-94
@case("random and mutated datagrams from clients")
def _(d, up):
    good = list(queries())
    with d.udp() as sock:
        sock.setblocking(False)

        def one(rnd):
            for _ in range(50):
                wire = mutate(rnd, rnd.choice(good)) if rnd.random() < .8 \
                    else rnd.randbytes(rnd.randrange(600))
                sock.send(wire)
            while select.select([sock], [], [], 0.001)[0]:
                sock.recv(65535)
            return 50
        storm(d, up, "client-udp", one)


# Shows: DNS64-39 DNS64-94
@case("random and mutated messages and frames from clients over TCP")
def _(d, up):
    good = list(queries())

    def one(rnd):
        with d.tcp() as sock:
            try:
                for _ in range(rnd.randrange(1, 40)):
                    wire = framed(mutate(rnd, rnd.choice(good)))
                    if rnd.random() < .1:
                        wire = mutate(rnd, wire)
                    sock.sendall(wire)
                if rnd.random() < .5:
                    sock.shutdown(socket.SHUT_WR)
                elif rnd.random() < .5:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                    struct.pack("ii", 1, 0))
                while select.select([sock], [], [], 0.001)[0]:
                    if sock.recv(65535) == b"":
                        break
            except OSError:
                pass
            return 20
    storm(d, up, "client-tcp", one)


# Shows: DNS64-68 DNS64-94
@case("random and mutated datagrams from upstreams")
def _(d, up):
    rnd, names = random.Random(SEED), itertools.count()

    def spoilt(ask):
        for _ in range(rnd.randrange(1, 4)):
            wire = mutate(rnd, rnd.choice(replies(ask)))
            if rnd.random() < .9:  # past the check of the id
                wire = struct.pack("!H", ask.message.id) + wire[2:]
            ask.send_wire(wire)
    with FakeUpstream() as bad, Daemon(bad) as own:
        bad.everything = spoilt
        storm(own, bad, "upstream-udp", lambda _: ask_many(own, names))


# Shows: DNS64-61 DNS64-94
@case("random and mutated messages and frames from upstreams over TCP")
def _(d, up):
    rnd, names = random.Random(SEED), itertools.count()

    def spoilt(ask):
        if ask.proto == "udp":
            does.truncated(ask)
            return
        wire = framed(mutate(rnd, rnd.choice(replies(ask))))
        if rnd.random() < .7:
            wire = wire[:2] + struct.pack("!H", ask.message.id) + wire[4:]
        if rnd.random() < .2:
            wire = mutate(rnd, wire)
        ask.conn.sendall(wire)
        if rnd.random() < .3:
            ask.conn.shutdown(socket.SHUT_RDWR)
    with FakeUpstream() as bad, Daemon(bad) as own:
        bad.everything = spoilt
        storm(own, bad, "upstream-tcp", lambda _: ask_many(own, names))


def oversized():
    """What a message may be, and how: QR is set, so that only its header is
    looked at, or it is refused at once. All others do honest work."""
    def head(flags, *counts):
        return struct.pack("!HHHHHH", 1, flags, *counts)
    opt = b"\x00\x00\x1c\x00\x01"
    yield "header", head(0x8100, 1, 0, 0, 0) + bytes(60000)
    yield "pointers, announced as records", \
        head(0x100, 1, 65535, 65535, 65535) + b"\x00" + b"".join(
            struct.pack("!H", 0xc000 | (12 + 2 * i) & 0x3fff)
            for i in range(30000))
    yield "labels of a name that does not end", \
        head(0x100, 1, 0, 0, 0) + b"\x01a" * 30000
    yield "records, as many as fit", head(0x100, 1, 0, 0, 5900) + opt + \
        (b"\x00" + struct.pack("!HHIH", 65280, 1, 0, 0)) * 5900
    yield "options, as many as fit", head(0x100, 1, 0, 0, 1) + opt + \
        b"\x00" + struct.pack("!HHIH", 41, 1232, 0, 60001) + bytes(60001)


def cost(d, wire):
    """Processor time that each of some messages over TCP takes."""
    with d.tcp() as sock:
        sock.settimeout(10)

        def drain():
            try:
                while sock.recv(65535):
                    pass
            except OSError:
                pass
        reader = threading.Thread(target=drain)
        reader.start()
        used = d.cpu_seconds()
        sock.sendall(framed(wire) * EACH)
        sock.shutdown(socket.SHUT_WR)  # it closes when all are answered
        reader.join()
        return (d.cpu_seconds() - used) / EACH


# Shows: DNS64-94
@case("a malformed message of any size costs little more than to receive it")
def _(d, up):
    """Whatever is in it, compared with one that is only received."""
    with Daemon(up) as own:
        least = {}
        for _ in range(5):
            for what, wire in oversized():
                each = cost(own, wire)
                least[what] = min(each, least.get(what, each))
        upright(own, up)
    for what, each in least.items():
        print(f"# {what}: {each * 1e6:.0f} us each", flush=True)
        equal(SANITIZED or each < RECEIVED * least["header"], True,
              f"{what}: {each / least['header']:.1f} times the header")


if __name__ == "__main__":
    sys.exit(main(FakeUpstream))
