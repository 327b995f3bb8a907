#!/usr/bin/python3
"""Test bed, part 4: upstreams whose answers are wrong, slow, cut or missing.

    client (this script) --- dns64d on 127.0.0.1 --- FakeUpstream

Needs no root and no network. Prints TAP.
"""

import pathlib
import struct
import sys
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import (PREFIX, Daemon, case, ede_codes, equal, main, records,
                 types)
from pace import since

import dns.message
import dns.rcode

import behaviours as does
from fake_upstream import DeadUpstream, FakeUpstream

BAD = "2001:db8:bad::1"


def lie(ask):
    """A reply that must not be believed."""
    return ask.reply(f"{ask.message.question[0].name} 300 AAAA {BAD}")


def both(first, second):
    """Two scripts for one query, at once."""
    def script(ask):
        first(ask)
        second(ask)
    return script


def forged(change):
    """A lie over UDP, changed, before the truth."""
    def script(ask):
        if ask.proto == "udp":
            reply = lie(ask)
            change(reply)
            ask.send(reply)
        does.from_zone(ask)
    return script


def set_id(reply):
    """Another id."""
    reply.id ^= 1


def set_name(reply):
    """Another name."""
    reply.question = dns.message.make_query("evil.example.", "AAAA").question


def set_type(reply):
    """Another type."""
    reply.question = dns.message.make_query(
        reply.question[0].name, "A").question


def set_class(reply):
    """Another class."""
    reply.question = dns.message.make_query(
        reply.question[0].name, "AAAA", "CH").question


def set_query(reply):
    """A query, not an answer."""
    reply.flags &= ~0x8000


def set_opcode(reply):
    """An answer to a NOTIFY."""
    reply.flags |= 4 << 11


def drop_question(reply):
    """No question at all."""
    reply.question = []


def double_question(reply):
    """The question and another one."""
    reply.question = reply.question + dns.message.make_query(
        "evil.example.", "AAAA").question


# --- whom to believe -----------------------------------------------------

# Shows: DNS64-68
@case("whatever in an answer does not match, it is not believed")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(own_up) as own:
        for n, change in enumerate((
                set_id, set_name, set_type, set_class, set_query, set_opcode,
                drop_question, double_question)):
            name = f"forged{n}.example."
            own_up.add(f"{name} 300 AAAA 2001:db8:1::1")
            own_up.script(name, "AAAA", forged(change))
            equal(records(own.ask(name), "AAAA"), ["2001:db8:1::1"],
                  change.__doc__)


# Shows: DNS64-68
@case("an answer from another address or another port is not believed")
def _(d, up):
    for n, (addr, same_port) in enumerate((
            ("127.0.0.2", True), ("127.0.0.2", False),
            ("127.0.0.1", False))):
        name = f"stranger{n}.example."
        up.add(f"{name} 300 AAAA 2001:db8:1::2")
        up.script(name, "AAAA", both(
            does.from_elsewhere(addr, same_port, lie), does.after(0.05)))
        equal(records(d.ask(name), "AAAA"), ["2001:db8:1::2"], addr)


# Shows: DNS64-68
@case("of two answers the first that matches counts, the second does no harm")
def _(d, up):
    up.add("double.example. 300 AAAA 2001:db8:1::3")
    up.script("double.example.", "AAAA", both(
        does.twice, lambda ask: ask.send(lie(ask))))
    for _ in range(3):
        equal(records(d.ask("double.example."), "AAAA"), ["2001:db8:1::3"])


# Shows: DNS64-68 DNS64-94
@case("only wrong answers are no answer, and the client is told in time")
def _(d, up):
    up.add("wrong.example. 300 A 192.0.2.4")
    up.script("wrong.example.", "AAAA", does.wrong_id)
    begin = time.monotonic()
    equal(records(d.ask("wrong.example."), "AAAA"), [f"{PREFIX}c000:204"])
    equal(since(begin) < 1.1, True, "in time")


# Shows: DNS64-68
@case("an answer in another case of letters is believed without 0x20")
def _(d, up):
    def shout(ask):
        reply = ask.from_zone()
        wire = reply.to_wire()
        ask.send_wire(wire.replace(b"\x07whisper", b"\x07WHISPER", 1))
    up.add("whisper.example. 300 AAAA 2001:db8:1::5")
    up.script("whisper.example.", "AAAA", shout)
    equal(records(d.ask("whisper.example."), "AAAA"), ["2001:db8:1::5"])


# --- malformed answers ---------------------------------------------------

# Shows: DNS64-94 DNS64-06
@case("each kind of malformed answer to AAAA lets the A decide")
def _(d, up):
    for n, (kind, script) in enumerate(does.MALFORMED.items()):
        name = f"bad{n}.example."
        up.add(f"{name} 300 A 192.0.2.6")
        up.script(name, "AAAA", script)
        equal(records(d.ask(name), "AAAA"), [f"{PREFIX}c000:206"], kind)


# Shows: DNS64-94
@case("a malformed answer is a failed try, the next server is asked at once")
def _(d, up):
    with FakeUpstream() as one, FakeUpstream() as two, \
            Daemon(one, two) as own:
        for n, (kind, script) in enumerate(does.MALFORMED.items()):
            name = f"next{n}.example."
            if kind == "one octet":
                continue  # has no id, so it is from nobody
            one.script(name, "A", script)
            two.add(f"{name} 300 A 192.0.2.7")
            begin = time.monotonic()
            equal(records(own.ask(name, "A"), "A"), ["192.0.2.7"], kind)
            equal(since(begin) < 0.3, True, f"at once: {kind}")


# Shows: DNS64-94
@case("a costly answer costs little: names of pointers, strings without end")
def _(d, up):
    def hops(ask):
        # A chain of pointers, each to the one before it.
        base = 12 + len(does.question_of(ask))
        body = b"\x01a\x00" + b"".join(
            struct.pack("!H", 0xc000 + base + (3 + 2 * (i - 1) if i else 0))
            for i in range(6000))
        last = struct.pack("!H", 0xc000 + base + 3 + 2 * 5999)
        fixed = struct.pack("!HHIH", 65400, 1, 300, len(body))
        first = b"\x00" + fixed + body
        more = b"".join(last + does.A_FIXED for _ in range(3000))
        ask.send_wire(does.header_of(ask, 1, 3001, 0, 0) +
                      does.question_of(ask) + first + more)

    def strings(ask):
        ask.send_wire(
            does.header_of(ask, 1, 1, 0, 0) + does.question_of(ask) +
            b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 300, 65000) +
            bytes(65000))

    with FakeUpstream() as own_up, Daemon(own_up) as own:
        for name, script in (("hops.example.", hops),
                             ("strings.example.", strings)):
            own_up.add(f"{name} 300 A 192.0.2.8")
            for rdtype in ("TXT", "AAAA"):
                own_up.script(name, rdtype, does.over_tcp(script))
        used = own.cpu_seconds()
        for _ in range(20):
            for name in ("hops.example.", "strings.example."):
                own.ask(name)
                own.ask(name, "TXT", tcp=True)
        equal(own.cpu_seconds() - used < 0.2, True,
              f"{own.cpu_seconds() - used:.2f} s of CPU for 80 answers")


# Shows: DNS64-94
@case("octets behind an answer are left alone, over UDP and TCP")
def _(d, up):
    def more(ask):
        ask.send_wire(ask.from_zone().to_wire() + b"more")
    up.add("behind.example. 300 A 192.0.2.8",
           "behindtcp.example. 300 A 192.0.2.9")
    up.script("behind.example.", "A", more)
    up.script("behindtcp.example.", "A", does.over_tcp(more))
    equal(records(d.ask("behind.example.", "A"), "A"), ["192.0.2.8"])
    equal(records(d.ask("behindtcp.example.", "A"), "A"), ["192.0.2.9"])


# Shows: DNS64-94 DNS64-59
@case("an error that is a header alone is one, and not silence")
def _(d, up):
    for rcode in (1, 2, 5):
        with FakeUpstream() as one, Daemon(one) as own:
            one.everything = lambda ask, rcode=rcode: ask.send_wire(
                ask.message.to_wire()[:2] +
                struct.pack("!HHHHH", 0x8180 | rcode, 0, 0, 0, 0))
            begin = time.monotonic()
            reply = own.ask("bare.example.", "A")
            equal((reply.rcode(), since(begin) < 1),
                  (rcode, True))
            equal(reply.question[0].name.to_text(), "bare.example.")
            stats = own.stats()
            equal((stats["upstream-mismatch"], stats["upstream-lost"]),
                  (0, 0))
    # With OPT, and over TCP as well.
    with FakeUpstream() as one, Daemon(one) as own:
        one.everything = lambda ask: ask.send_wire(
            ask.message.to_wire()[:2] + b"\x81\x85" + bytes(7) + b"\1" +
            b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0))
        reply = own.ask("bare.example.", "A", use_edns=0)
        equal((reply.rcode(), reply.edns), (dns.rcode.REFUSED, 0))
    with FakeUpstream() as one, Daemon(one) as own:
        one.everything = does.over_tcp(lambda ask: ask.send_wire(
            ask.message.to_wire()[:2] + b"\x81\x85" + bytes(8)))
        equal(own.ask("bare.example.", "A").rcode(), dns.rcode.REFUSED)
    # One from before EDNS, which cannot read the query.
    with FakeUpstream() as old, Daemon(old) as own:
        old.add("old.example. 300 A 192.0.2.12")
        old.everything = lambda ask: does.from_zone(ask) \
            if ask.message.edns < 0 else ask.send_wire(
                ask.message.to_wire()[:2] + b"\x81\x81" + bytes(8))
        equal(records(own.ask("old.example.", "A"), "A"), ["192.0.2.12"])


# Shows: DNS64-61
@case("a large answer over UDP is used when there is no TCP")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        one.sel.unregister(one.tcp)
        one.tcp.close()
        one.add(*(f"large.example. 300 A 192.0.2.{i}" for i in range(100)))
        begin = time.monotonic()
        reply = own.ask("large.example.", "A", tcp=True)
        equal(len(records(reply, "A")), 100)
        equal(since(begin) < 1, True, "at once")


# --- truncation and TCP --------------------------------------------------

# Shows: DNS64-61
@case("what a truncated answer holds is not used, the whole is fetched")
def _(d, up):
    up.add(*(f"part.example. 300 A 192.0.2.{i}" for i in range(60)),
           *(f"part6.example. 300 AAAA 2001:db8:1::{i}" for i in range(60)))
    up.script("part.example.", "A", does.truncated_partly)
    up.script("part6.example.", "AAAA", does.truncated_partly)
    equal(len(records(d.ask("part.example.", tcp=True), "AAAA")), 60)
    equal(len(records(d.ask("part6.example.", tcp=True), "AAAA")), 60)
    equal(len(records(d.ask("part6.example.", tcp=True), "AAAA")), 60,
          "again")


# Shows: DNS64-61 DNS64-07
@case("a truncated AAAA answer whose TCP fails makes way for the A")
def _(d, up):
    def cut(ask):
        if ask.proto == "udp":
            does.truncated(ask)
    up.add("notcp.example. 300 A 192.0.2.9")
    up.script("notcp.example.", "AAAA", cut)
    begin = time.monotonic()
    equal(records(d.ask("notcp.example."), "AAAA"), [f"{PREFIX}c000:209"])
    equal(since(begin) < 1.1, True, "in time")


# Shows: DNS64-61
@case("an answer over TCP may come octet by octet")
def _(d, up):
    def dribble(ask):
        reply = ask.from_zone().to_wire()
        if ask.proto == "udp":
            does.truncated(ask)
            return
        wire = struct.pack("!H", len(reply)) + reply
        for i in range(len(wire)):
            ask.conn.sendall(wire[i:i + 1])
    up.add("drib.example. 300 A 192.0.2.10")
    up.script("drib.example.", "A", dribble)
    equal(records(d.ask("drib.example."), "AAAA"), [f"{PREFIX}c000:20a"])


# Shows: DNS64-68 DNS64-61
@case("over TCP a wrong answer is not believed either")
def _(d, up):
    def wrong(ask):
        if ask.proto == "udp":
            does.truncated(ask)
        else:
            reply = lie(ask)
            reply.id ^= 1
            ask.send(reply)
    up.add("tcplie.example. 300 A 192.0.2.11")
    up.script("tcplie.example.", "AAAA", wrong)
    equal(records(d.ask("tcplie.example."), "AAAA"), [f"{PREFIX}c000:20b"])


# --- EDNS ----------------------------------------------------------------

# Shows: DNS64-59
@case("an upstream that knows no OPT, in whatever way, is served")
def _(d, up):
    for name, script in (("notimp", does.no_edns(dns.rcode.NOTIMP)),
                         ("formerr", does.no_edns(dns.rcode.FORMERR)),
                         ("ignores", does.no_opt_back)):
        with FakeUpstream() as old, Daemon(old) as own:
            old.add("old.example. 300 A 192.0.2.12")
            old.everything = script
            reply = own.ask("old.example.", use_edns=0)
            equal((records(reply, "AAAA"), reply.edns),
                  ([f"{PREFIX}c000:20c"], 0), name)


# Shows: DNS64-59 DNS64-61
@case("an upstream without EDNS may need TCP")
def _(d, up):
    def old_and_small(ask):
        if ask.message.edns >= 0:
            does.no_edns(dns.rcode.FORMERR)(ask)
        else:
            does.truncated(ask)
    with FakeUpstream() as old, Daemon(old) as own:
        old.add(*(f"oldbig.example. 300 A 192.0.2.{i}" for i in range(50)))
        old.everything = old_and_small
        equal(len(records(own.ask("oldbig.example.", tcp=True), "AAAA")), 50)


# --- fail-over -----------------------------------------------------------

# Shows: DNS64-88
@case("each kind of refusal leads to the next server at once")
def _(d, up):
    with FakeUpstream() as one, FakeUpstream() as two, \
            Daemon(one, two) as own:
        for rcode in (dns.rcode.SERVFAIL, dns.rcode.REFUSED,
                      dns.rcode.NOTIMP, dns.rcode.FORMERR):
            name = f"refusal{int(rcode)}.example."
            one.script(name, "A", does.with_rcode(rcode))
            two.add(f"{name} 300 A 192.0.2.13")
            begin = time.monotonic()
            equal(records(own.ask(name, "A"), "A"), ["192.0.2.13"], name)
            equal(since(begin) < 0.3, True, "at once")


# Shows: DNS64-87
@case("one black-holed name never marks a server down")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        one.add("bh.example. 300 A 192.0.2.14")
        one.script("bh.example.", "AAAA", does.silence)
        jobs = [threading.Thread(target=own.ask, args=("bh.example.",))
                for _ in range(12)]
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()
        equal("down" in own.log(), False, own.log())


# Shows: DNS64-88 DNS64-78
@case("two servers share the queries for one question, a bounded number")
def _(d, up):
    with FakeUpstream() as one, FakeUpstream() as two, \
            Daemon(one, two) as own:
        one.everything = two.everything = does.silence
        equal(own.ask("mute.example.", "A").rcode(), dns.rcode.SERVFAIL)
        for server in (one, two):
            equal(0 < len(server.asked("mute.example.", "A")) <= 6, True,
                  f"{len(server.seen)} queries")


# Shows: DNS64-07 DNS64-88
@case("a server that answers A only is no reason to wait five seconds")
def _(d, up):
    with FakeUpstream() as one, FakeUpstream() as two, \
            Daemon(one, two) as own:
        for server in (one, two):
            for i in range(3):
                server.add(f"aonly{i}.example. 300 A 192.0.2.15")
                server.script(f"aonly{i}.example.", "AAAA", does.silence)
        for i in range(3):
            begin = time.monotonic()
            equal(records(own.ask(f"aonly{i}.example."), "AAAA"),
                  [f"{PREFIX}c000:20f"])
            equal(since(begin) < 1, True, "in time")


# Shows: DNS64-12 DNS64-85 DNS64-94
@case("a refused port on the only upstream is an early SERVFAIL")
def _(d, up):
    with DeadUpstream() as dead, Daemon(dead) as own:
        begin = time.monotonic()
        reply = own.ask("dead.example.", use_edns=0)
        equal((reply.rcode(), types(reply)), (dns.rcode.SERVFAIL, []))
        equal(since(begin) < 1, True, "early")
        equal(23 in ede_codes(reply), True, f"{ede_codes(reply)}")


# Shows: DNS64-85
@case("a client is told that the answers of an upstream do not parse")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        one.everything = does.MALFORMED["pointers in a ring"]
        reply = own.ask("rubbish.example.", use_edns=0)
        equal((reply.rcode(), types(reply)), (dns.rcode.SERVFAIL, []))
        equal(24 in ede_codes(reply), True, f"{ede_codes(reply)}")


if __name__ == "__main__":
    sys.exit(main(FakeUpstream, workers=8))
