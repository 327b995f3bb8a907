#!/usr/bin/python3
"""dns64d from end to end, on loopback, against scripted upstreams.

    client (this script) --- dns64d on 127.0.0.1, ::1 --- FakeUpstream

Needs no root and no network. Prints TAP.
"""

import calendar
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import (PREFIX, PROGRAM, TIMEOUT, WORKERS, Daemon, case, equal,
                 framed, free_port, is_silent, main, read_framed, records,
                 until)
from pace import since

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.reversename

from fake_upstream import DeadUpstream, FakeUpstream, silence, with_rcode


# --- synthesis -----------------------------------------------------------

# Shows: DNS64-13 DNS64-14 DNS64-16
@case("AAAA is synthesised from A, with the TTL of the negative answer")
def _(d, up):
    up.add("v4.example. 3600 A 192.0.2.33")
    reply = d.ask("v4.example.")
    equal(reply.rcode(), dns.rcode.NOERROR, "rcode")
    equal(records(reply, "AAAA"), [f"{PREFIX}c000:221"], "AAAA")
    equal(reply.answer[0].ttl, 120, "ttl")
    equal(records(reply, "SOA", "authority"), [], "denial")


# Shows: DNS64-02
@case("a real AAAA is passed on and no A is shown")
def _(d, up):
    up.add("dual.example. 300 A 192.0.2.1",
           "dual.example. 300 AAAA 2001:db8:1::1")
    reply = d.ask("dual.example.")
    equal(records(reply, "AAAA"), ["2001:db8:1::1"], "AAAA")
    equal(records(reply, "A"), [], "A")


# Shows: DNS64-04
@case("NXDOMAIN on AAAA is returned with its SOA")
def _(d, up):
    reply = d.ask("none.example.")
    equal(reply.rcode(), dns.rcode.NXDOMAIN, "rcode")
    equal(len(records(reply, "SOA", "authority")), 1, "SOA")


# Shows: DNS64-06
@case("SERVFAIL on AAAA and a good A give a synthesised answer")
def _(d, up):
    up.add("fail6.example. 300 A 192.0.2.2")
    up.script("fail6.example.", "AAAA", with_rcode(dns.rcode.SERVFAIL))
    equal(records(d.ask("fail6.example."), "AAAA"), [f"{PREFIX}c000:202"])


# Shows: DNS64-07
@case("a black-holed AAAA costs less than a second")
def _(d, up):
    up.add("hole.example. 300 A 192.0.2.3", "fast.example. 300 A 192.0.2.4")
    up.script("hole.example.", "AAAA", silence)
    begin = time.monotonic()
    with d.udp() as sock:
        sock.send(dns.message.make_query("hole.example.", "AAAA").to_wire())
        d.ask("fast.example.")
        other = since(begin)
        reply = dns.message.from_wire(sock.recv(65535))
    took = since(begin)
    equal(records(reply, "AAAA"), [f"{PREFIX}c000:203"])
    equal((took < 1.0, other < 0.3), (True, True), f"{took:.2f} s")


# Shows: DNS64-11 DNS64-35
@case("a CNAME chain is kept in order and its last name owns the AAAA")
def _(d, up):
    up.add("c1.example. 300 CNAME c2.example.",
           "c2.example. 300 CNAME c3.example.",
           "c3.example. 300 A 192.0.2.5")
    reply = d.ask("c1.example.")
    equal([(r.name.to_text(), r.rdtype) for r in reply.answer],
          [("c1.example.", 5), ("c2.example.", 5), ("c3.example.", 28)])


# Shows: DNS64-12
@case("neither AAAA nor A give the original NODATA with one SOA")
def _(d, up):
    up.add('txt.example. 300 TXT "x"')
    reply = d.ask("txt.example.")
    equal((reply.rcode(), len(reply.answer)), (dns.rcode.NOERROR, 0))
    equal(len(records(reply, "SOA", "authority")), 1, "SOA")


# Shows: DNS64-34 DNS64-75
@case("other types are passed on, unknown ones too")
def _(d, up):
    up.add("mx.example. 300 MX 10 mail.example.",
           r"mx.example. 300 TYPE65280 \# 4 0a000001",
           "mx.example. 300 A 192.0.2.6")
    equal(records(d.ask("mx.example.", "MX"), "MX"), ["10 mail.example."])
    equal(records(d.ask("mx.example.", "TYPE65280"), "TYPE65280"),
          [r"\# 4 0a000001"])
    equal(records(d.ask("mx.example.", "A"), "A"), ["192.0.2.6"])


# Shows: DNS64-29 DNS64-30
@case("PTR below the prefix becomes a CNAME to in-addr.arpa")
def _(d, up):
    up.add("33.2.0.192.in-addr.arpa. 300 PTR v4.example.")
    name = dns.reversename.from_address(f"{PREFIX}192.0.2.33")
    reply = d.ask(name, "PTR")
    equal(records(reply, "CNAME"), ["33.2.0.192.in-addr.arpa."])
    equal(records(reply, "PTR"), ["v4.example."])


# Shows: DNS64-31
@case("PTR elsewhere in ip6.arpa is forwarded")
def _(d, up):
    name = dns.reversename.from_address("2001:db8:1::1")
    up.add(f"{name} 300 PTR dual.example.")
    equal(records(d.ask(name, "PTR"), "PTR"), ["dual.example."])


# Shows: DNS64-48
@case("ipv4only.arpa is answered without an upstream")
def _(d, up):
    reply = d.ask("ipv4only.arpa.")
    equal(records(reply, "AAAA"),
          [f"{PREFIX}c000:aa", f"{PREFIX}c000:ab"])
    equal(records(d.ask("ipv4only.arpa.", "A"), "A"),
          ["192.0.0.170", "192.0.0.171"])
    equal(up.asked("ipv4only.arpa."), [], "queries upstream")


# --- upstreams -----------------------------------------------------------

# Shows: DNS64-61
@case("a truncated answer is asked for again over TCP")
def _(d, up):
    many = [f"big.example. 300 A 198.51.100.{i}" for i in range(100)]
    up.add(*many)

    def truncate(ask):
        reply = ask.from_zone()
        if ask.proto == "udp":
            reply.answer = []
            reply.flags |= dns.flags.TC
        ask.send(reply)
    up.script("big.example.", "A", truncate)
    reply = d.ask("big.example.", tcp=True)
    equal(len(records(reply, "AAAA")), 100, "AAAA")
    equal([s.proto for s in up.asked("big.example.", "A")], ["udp", "tcp"])


# Shows: DNS64-36 DNS64-58
@case("a large synthetic answer is cut to what the client takes over UDP")
def _(d, up):
    for size, limit in ((None, 512), (400, 512), (1000, 1000),
                        (4096, 1232)):
        query = dns.message.make_query(
            "big.example.", "AAAA", use_edns=size is not None,
            payload=size or 0)
        with d.udp() as sock:
            sock.send(query.to_wire())
            wire = sock.recv(65535)
        reply = dns.message.from_wire(wire)
        equal(bool(reply.flags & dns.flags.TC), True, f"TC at {size}")
        equal(len(wire) <= limit, True, f"{len(wire)} octets at {size}")


# Shows: DNS64-68
@case("answers with wrong id, name, type or port are ignored and counted")
def _(d, up):
    up.add("spoof.example. 300 AAAA 2001:db8:1::2")
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.bind(("127.0.0.1", 0))

    def spoof(ask):
        bad = ask.reply("spoof.example. 300 AAAA 2001:db8:bad::1")
        if ask.proto == "udp":
            other.sendto(bad.to_wire(), ask.peer)
        bad.id ^= 1
        ask.send(bad)
        bad.id ^= 1
        question = bad.question
        for name, rdtype in (("other.example.", "AAAA"),
                             ("spoof.example.", "TXT")):
            bad.question = dns.message.make_query(name, rdtype).question
            ask.send(bad)
        bad.question = question
        bad.flags &= ~dns.flags.QR
        ask.send(bad)
        ask.send(ask.from_zone())
    up.script("spoof.example.", "AAAA", spoof)
    before = d.stats()["upstream-mismatch"]
    equal(records(d.ask("spoof.example."), "AAAA"), ["2001:db8:1::2"])
    # The kernel keeps the wrong port from us.
    equal(d.stats()["upstream-mismatch"] - before, 4, "counted")
    other.close()


# Shows: DNS64-69
@case("ids and source ports are random over their whole range")
def _(d, up):
    up.add("*.example. 300 A 192.0.2.7")
    up.seen.clear()
    with d.udp() as sock:
        for i in range(300):
            sock.send(dns.message.make_query(f"e{i}.example.",
                                             "A").to_wire())
            sock.recv(65535)
    ids = [s.message.id for s in up.seen]
    ports = [s.peer[1] for s in up.seen]
    for values in (ids, ports):
        equal(len(set(values)) > 290, True, f"{len(set(values))} distinct")
        equal((min(values) < 8000, max(values) > 58000), (True, True))


# Shows: DNS64-94
@case("garbage from an upstream is a failed try, not the end")
def _(d, up):
    up.add("junk.example. 300 A 192.0.2.8")
    state = {"n": 0}

    def junk(ask):
        state["n"] += 1
        if state["n"] > 1:
            ask.send(ask.from_zone())
            return
        ask.send_wire(b"x")
        head = struct.pack("!HHHHHH", ask.message.id, 0x8180, 1, 9, 9, 9)
        ask.send_wire(head + b"\xc0\x0c\xff")
    up.script("junk.example.", "A", junk)
    equal(records(d.ask("junk.example."), "AAAA"), [f"{PREFIX}c000:208"])
    equal(d.stats()["upstream-malformed"] >= 1, True, "counted")


# Shows: DNS64-59
@case("an upstream without EDNS is asked without, and remembered")
def _(d, up):
    with FakeUpstream() as old, Daemon(old) as own:
        old.add("old.example. 300 A 192.0.2.9")

        def no_edns(ask):
            if ask.message.edns < 0:
                ask.send(ask.from_zone())
                return
            reply = ask.reply(rcode=dns.rcode.FORMERR)
            reply.use_edns(False)
            ask.send(reply)
        old.everything = no_edns
        equal(records(own.ask("old.example.", use_edns=0), "AAAA"),
              [f"{PREFIX}c000:209"])
        old.seen.clear()
        own.ask("older.example.")
        equal({s.message.edns for s in old.seen}, {-1}, "EDNS versions")


# Shows: DNS64-59
@case("an upstream that drops EDNS queries gets the last try without")
def _(d, up):
    with FakeUpstream() as old, Daemon(old) as own:
        old.add("old.example. 300 A 192.0.2.9")
        old.everything = lambda ask: None if ask.message.edns >= 0 else \
            ask.send(ask.from_zone())
        equal(records(own.ask("old.example.", "A"), "A"), ["192.0.2.9"])
        equal([s.message.edns for s in old.seen], [0, 0, -1], "EDNS versions")
        own.ask("old.example.", "A")
        equal(old.seen[-1].message.edns, -1, "the next query")


# Shows: DNS64-88
@case("a dead upstream is failed over at once, a silent one after its time")
def _(d, up):
    with FakeUpstream() as good, FakeUpstream() as mute, \
            DeadUpstream() as dead:
        good.add("over.example. 300 A 192.0.2.10")
        mute.everything = silence
        for first, limit in ((dead, 0.3), (mute, 0.7)):
            with Daemon(first, good) as own:
                begin = time.monotonic()
                reply = own.ask("over.example.", "A")
                took = since(begin)
                equal(records(reply, "A"), ["192.0.2.10"])
                equal(took < limit, True, f"{took:.2f} s")


# Shows: DNS64-88
@case("a retry goes to another upstream before the same one")
def _(d, up):
    with FakeUpstream() as one, FakeUpstream() as two, \
            Daemon(one, two) as own:
        two.add("lost.example. 300 A 192.0.2.10")
        one.everything = silence
        state = []
        two.script("lost.example.", "A",
                   lambda ask: state.append(1) if not state else
                   ask.send(ask.from_zone()))
        own.ask("lost.example.", "A")
        equal((len(one.seen), len(two.seen)), (2, 2), "queries")


# Shows: DNS64-87
@case("an upstream goes down by losses of several names, a probe lifts it")
def _(d, up):
    with FakeUpstream() as one, FakeUpstream() as two, \
            Daemon(one, two) as own:
        for i in range(6):
            two.add(f"n{i}.example. 300 A 192.0.2.11")
        one.everything = silence
        for _ in range(5):
            own.ask("n0.example.", "A")
        equal("down" in own.log(), False, "down by one name")
        for i in range(6):
            own.ask(f"n{i}.example.", "A")
        equal("down" in own.log(), True, "down")
        one.seen.clear()
        own.ask("n1.example.", "A")
        equal(one.asked("n1.example."), [], "queries to a server down")
        one.everything = None
        until(lambda: f"[{one.addr}]:{one.port}: up" in own.log() or
              f"{one.addr}:{one.port}: up" in own.log(), "recovery")
        one.add("n6.example. 300 A 192.0.2.12")
        equal(records(own.ask("n6.example.", "A"), "A"), ["192.0.2.12"])


# Shows: DNS64-87
@case("the only upstream is asked even when it is down")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        one.everything = silence
        socks = []
        for i in range(4):
            socks.append(own.udp())
            socks[-1].send(dns.message.make_query(f"n{i}.example.",
                                                  "A").to_wire())
        until(lambda: "down" in own.log(), "down")
        one.everything = None
        one.add("late.example. 300 A 192.0.2.13")
        equal(records(own.ask("late.example.", "A"), "A"), ["192.0.2.13"])
        for sock in socks:
            sock.close()


# Shows: DNS64-88
@case("without any answer the client gets SERVFAIL before five seconds")
def _(d, up):
    up.script("void.example.", "A", silence)
    begin = time.monotonic()
    reply = d.ask("void.example.", "A")
    took = since(begin)
    equal(reply.rcode(), dns.rcode.SERVFAIL, "rcode")
    equal(4 < took < 4.9, True, f"{took:.2f} s")


# Shows: DNS64-12
@case("SERVFAIL of one upstream is put to the next, that of all is passed")
def _(d, up):
    with FakeUpstream() as one, FakeUpstream() as two, \
            Daemon(one, two) as own:
        one.everything = with_rcode(dns.rcode.SERVFAIL)
        two.add("next.example. 300 A 192.0.2.14")
        equal(records(own.ask("next.example.", "A"), "A"), ["192.0.2.14"])
        two.everything = with_rcode(dns.rcode.REFUSED)
        begin = time.monotonic()
        equal(own.ask("last.example.", "A").rcode(), dns.rcode.SERVFAIL)
        equal(since(begin) < 1, True, "at once")


@case("SERVFAIL of one upstream does not cut short the wait for another")
def _(d, up):
    with FakeUpstream() as one, FakeUpstream() as two, \
            Daemon(one, two) as own:
        two.add("wait.example. 300 A 192.0.2.14")

        def later(seconds, script):
            return lambda ask: threading.Timer(
                seconds, lambda: script(ask)).start()
        one.everything = later(0.5, with_rcode(dns.rcode.SERVFAIL))
        two.everything = later(0.3, lambda ask: ask.send(ask.from_zone()))
        equal(records(own.ask("wait.example.", "A"), "A"), ["192.0.2.14"])


# Shows: DNS64-44
@case("SERVFAIL that tells of bogus data is not put to another upstream")
def _(d, up):
    with FakeUpstream() as one, FakeUpstream() as two, \
            Daemon(one, two) as own:
        def bogus(ask):
            reply = ask.reply(rcode=dns.rcode.SERVFAIL)
            reply.use_edns(0, options=[dns.edns.GenericOption(
                15, b"\x00\x06")])
            ask.send(reply)
        one.everything = bogus
        two.add("bogus.example. 300 A 192.0.2.15")
        reply = own.ask("bogus.example.", "A", use_edns=0)
        equal(reply.rcode(), dns.rcode.SERVFAIL, "rcode")
        equal(two.seen, [], "queries to the second")


@case("an upstream over IPv6 works, and so does a client")
def _(d, up):
    with FakeUpstream("::1") as six, Daemon(six, addr="::1") as own:
        six.add("six.example. 300 A 192.0.2.16")
        equal(records(own.ask("six.example."), "AAAA"),
              [f"{PREFIX}c000:210"])
        equal(records(own.ask("six.example.", tcp=True), "AAAA"),
              [f"{PREFIX}c000:210"])


# --- clients -------------------------------------------------------------

# Shows: DNS64-39 DNS64-74
@case("QR, opcode, QDCOUNT and garbage are treated by the rules")
def _(d, up):
    wire = bytearray(dns.message.make_query("v4.example.", "A").to_wire())
    with d.udp() as sock:
        sock.send(b"\x00" * 5)
        reply = bytearray(wire)
        reply[2] |= 0x80
        sock.send(reply)
        equal(is_silent(sock), True, "silence")
        for change, rcode in (((2, 0x28), dns.rcode.NOTIMP),
                              ((5, 2), dns.rcode.FORMERR),
                              ((5, 0), dns.rcode.FORMERR),
                              ((12, 0xc0), dns.rcode.FORMERR)):
            bad = bytearray(wire)
            bad[change[0]] = change[1]
            sock.send(bad)
            answer = sock.recv(65535)
            equal(answer[:2], wire[:2], "id")
            equal(answer[3] & 15, rcode, f"rcode of octet {change[0]}")


# Shows: DNS64-56 DNS64-57
@case("OPT is answered with one of ours, and without OPT there is none")
def _(d, up):
    up.add("edns.example. 300 A 192.0.2.17")
    equal(d.ask("edns.example.").edns, -1, "without")
    reply = d.ask("edns.example.", use_edns=0, ednsflags=0x1234, options=[
        dns.edns.GenericOption(65001, b"x")])
    equal((reply.edns, reply.payload, len(reply.options)), (0, 1232, 0))
    newer = bytearray(dns.message.make_query(
        "edns.example.", "A", use_edns=0).to_wire())
    newer[-5] = 1  # the version
    with d.udp() as sock:
        sock.send(newer)
        reply = dns.message.from_wire(sock.recv(65535))
    equal((reply.rcode(), reply.edns), (dns.rcode.BADVERS, 0))
    seen = up.asked("edns.example.")[-1].message
    equal(len(seen.options), 0, "options upstream")
    equal(seen.payload, 1232, "size upstream")


# Shows: DNS64-54
@case("a client that the rules deny is refused over UDP and TCP")
def _(d, up):
    with Daemon(up, extra="deny from 127.0.0.2") as own:
        with own.udp("127.0.0.2") as sock:
            query = dns.message.make_query("v4.example.", "A")
            sock.send(query.to_wire())
            reply = dns.message.from_wire(sock.recv(65535))
            equal((reply.id, reply.rcode()), (query.id, dns.rcode.REFUSED))
        reply = dns.query.tcp(query, own.addr, TIMEOUT, own.port,
                              source="127.0.0.2")
        equal(reply.rcode(), dns.rcode.REFUSED)
        equal(own.ask(query).rcode(), dns.rcode.NOERROR, "others")


@case("an answer leaves from the address that was asked")
def _(d, up):
    with Daemon(up, addr="0.0.0.0") as own:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(TIMEOUT)
            sock.sendto(dns.message.make_query("v4.example.", "A").to_wire(),
                        ("127.0.0.77", own.port))
            equal(sock.recvfrom(65535)[1], ("127.0.0.77", own.port))


# Shows: DNS64-62 DNS64-63
@case("pipelined TCP queries are answered as ready, out of order")
def _(d, up):
    up.add("slow.example. 300 A 192.0.2.18", "quick.example. 300 A 192.0.2.4")
    up.script("slow.example.", "A", lambda ask: threading.Timer(
        0.3, lambda: ask.send(ask.from_zone())).start())
    slow = dns.message.make_query("slow.example.", "A")
    quick = dns.message.make_query("quick.example.", "A")
    with d.tcp() as sock, sock.makefile("rb") as stream:
        sock.sendall(framed(slow.to_wire()) + framed(quick.to_wire()))
        equal([read_framed(stream).id, read_framed(stream).id],
              [quick.id, slow.id], "order of ids")


# Shows: DNS64-63
@case("a TCP query may come octet by octet, many in one segment")
def _(d, up):
    query = dns.message.make_query("v4.example.", "AAAA")
    wire = framed(query.to_wire())
    with d.tcp() as sock, sock.makefile("rb") as stream:
        for octet in wire:
            sock.sendall(bytes([octet]))
        equal(read_framed(stream).id, query.id)
        sock.sendall(wire * 200)
        for _ in range(200):
            equal(read_framed(stream).id, query.id)


# Shows: DNS64-64
@case("a half-closed connection still gets its answers, then is closed")
def _(d, up):
    with d.tcp() as sock, sock.makefile("rb") as stream:
        for _ in range(3):
            sock.sendall(framed(dns.message.make_query(
                "slow.example.", "A").to_wire()))
        sock.shutdown(socket.SHUT_WR)
        for _ in range(3):
            equal(records(read_framed(stream), "A"), ["192.0.2.18"])
        equal(read_framed(stream), None, "end")


# Shows: DNS64-64
@case("TCP connections are limited, for a client and in total, and in time")
def _(d, up):
    with Daemon(up, extra="limit tcp-per-client 2\nlimit tcp-clients 3\n"
                "timeout tcp-idle 1") as own:
        socks = [own.tcp() for _ in range(3)]
        equal(socks[2].recv(1), b"", "third of one client")
        begin = time.monotonic()
        equal(socks[0].recv(1), b"", "idle")
        equal(since(begin) < 3, True, "idle time")
        stats = own.stats()
        equal((stats["tcp-refused"], stats["tcp-idle"] >= 1), (1, True))
        for sock in socks:
            sock.close()
        other = [socket.create_connection(
            (own.addr, own.port), TIMEOUT, (f"127.0.0.{i}", 0))
            for i in range(10, 14)]
        equal(other[0].recv(1), b"", "idle longest makes room")
        for sock in other:
            sock.close()


# Shows: DNS64-94
@case("the oldest question is given up when too many are open")
def _(d, up):
    with FakeUpstream() as mute, Daemon(
            mute, extra="limit queries 16") as own, own.udp() as sock:
        mute.everything = silence
        queries = [dns.message.make_query(f"q{i}.example.", "A")
                   for i in range(17)]
        for query in queries:
            sock.send(query.to_wire())
        reply = dns.message.from_wire(sock.recv(65535))
        equal((reply.id, reply.rcode()),
              (queries[0].id, dns.rcode.SERVFAIL), "first answer")
        equal(own.stats()["shed"], 1, "shed")


# Shows: DNS64-94
@case("random octets from clients and upstreams do no harm")
def _(d, up):
    wire = dns.message.make_query("v4.example.", "AAAA", use_edns=0).to_wire()
    seed = 12345
    with d.udp() as sock, d.tcp() as tcp:
        for i in range(2000):
            bad = bytearray(wire)
            for _ in range(1 + i % 4):
                seed = (seed * 1103515245 + 12345) % 2**31
                bad[(seed >> 8) % len(bad)] = (seed >> 16) & 255
            sock.send(bad[:1 + (seed >> 4) % len(bad)] if i % 5 == 0 else bad)
            if i < 100:
                tcp.sendall(framed(bytes(bad)))
    up.everything = lambda ask: ask.send_wire(
        struct.pack("!H", ask.message.id) + os.urandom(60))
    for _ in range(20):
        with d.udp() as sock:
            sock.send(wire)
    up.everything = None
    equal(records(d.ask("v4.example.", tcp=True), "AAAA"),
          [f"{PREFIX}c000:221"], "sign of life")


# --- the process ---------------------------------------------------------

@case("SIGHUP applies a good configuration whole")
def _(d, up):
    with Daemon(up) as own:
        port = free_port()
        own.write(f"prefix 2001:db8:65::/96\n"
                  f"listen on 127.0.0.1 port {port}\n"
                  "deny from 127.0.0.3")
        own.signal(signal.SIGHUP, "reload: done")
        equal(records(own.ask("v4.example."), "AAAA"),
              [f"{PREFIX}c000:221", "2001:db8:65::c000:221"])
        own.port, old = port, own.port
        equal(len(records(own.ask("v4.example."), "AAAA")), 2, "new port")
        own.base[0] = f"listen on 127.0.0.1 port {port}"
        own.write("")
        own.signal(signal.SIGHUP, "reload: done")
        equal(len(records(own.ask("v4.example."), "AAAA")), 1, "again")
        with own.udp() as sock:
            sock.connect((own.addr, old))
            sock.send(b"x" * 20)
            try:
                equal(is_silent(sock), False, "old port")
            except ConnectionError:
                pass


@case("SIGHUP refuses a bad configuration whole and says why")
def _(d, up):
    with Daemon(up) as own:
        for extra, message in (
                ("prefix 2001:db8:65::/96\nnonsense", "unknown statement"),
                ("pidfile /nonexistent", "needs a restart"),
                ("prefix 2001:db8:65::/96\n"
                 f"listen on {d.addr} port {d.port}", "in use")):
            own.write(extra)
            own.signal(signal.SIGHUP, "the old configuration stays")
            equal(message in own.log(), True, message + own.log())
            equal(records(own.ask("v4.example."), "AAAA"),
                  [f"{PREFIX}c000:221"])


@case("a question that is open during SIGHUP is answered")
def _(d, up):
    with Daemon(up) as own, own.udp() as sock:
        sock.send(dns.message.make_query("slow.example.", "A").to_wire())
        until(lambda: own.stats()["upstream-udp"] >= 1, "query")
        own.signal(signal.SIGHUP, "reload: done")
        equal(records(dns.message.from_wire(sock.recv(65535)), "A"),
              ["192.0.2.18"])


@case("SIGUSR1 prints counters and upstream states to standard output")
def _(d, up):
    d.ask("v4.example.")
    stats = d.stats()
    equal((stats["queries-udp"] > 1, stats["synthesised"] > 1), (True, True))
    equal(f"upstream {up.addr}:{up.port} up rtt" in d.read(d.out), True)


@case("each dump begins with its time, program, version and pid")
def _(d, up):
    before = time.time()
    stamp, rest = d.stats_text().splitlines()[0].split()[1:3]
    equal(rest, "dns64d", "program")
    age = before - calendar.timegm(time.strptime(stamp,
                                                 "%Y-%m-%dT%H:%M:%SZ"))
    equal(-TIMEOUT < age < 2, True, f"{stamp} is {age} s ago")
    equal(f" pid {d.process.pid}\n" in d.read(d.out), True, "pid")


@case("a standard output that nobody reads holds no query up")
def _(d, up):
    reader, writer = os.pipe()
    with Daemon(up, stdout=writer) as own:
        for _ in range(60):
            own.process.send_signal(signal.SIGUSR1)
            equal(records(own.ask("v4.example."), "AAAA"),
                  [f"{PREFIX}c000:221"])

        def is_full():
            # Several signals may have been taken for one.
            own.process.send_signal(signal.SIGUSR1)
            return "another one is being printed" in own.log()

        until(is_full, "full")
        os.close(writer)
        own.process.send_signal(signal.SIGTERM)
        with open(reader, encoding="ascii") as text:
            equal(text.read().count("dump 20") > 1, True, "dumps")


@case("a configured dump file is written in the foreground, too")
def _(d, up):
    with Daemon(up) as own:
        room = pathlib.Path(own.tmp.name)
        os.chmod(room, 0o777)
        own.restart(f"dump \"{room}/dump\"")
        own.process.send_signal(signal.SIGUSR1)
        until(lambda: (room / "dump").exists() and
              (room / "dump").read_text().endswith("\nend\n"), "dump")
        equal(own.read(own.out), "", "standard output")


@case("a dump file that is a pipe or a link is refused and holds nothing up")
def _(d, up):
    with Daemon(up) as own:
        room = pathlib.Path(own.tmp.name)
        os.chmod(room, 0o777)
        own.restart(f"dump \"{room}/dump\"")
        os.mkfifo(room / "dump")
        os.chmod(room / "dump", 0o666)
        own.signal(signal.SIGUSR1, "is a pipe that nobody reads")
        equal(records(own.ask("v4.example."), "AAAA"),
              [f"{PREFIX}c000:221"])
        (room / "dump").unlink()
        (room / "dump").symlink_to(room / "target")
        own.signal(signal.SIGUSR1, "is a symbolic link")
        equal((room / "target").exists(), False, "target")


@case("SIGTERM and SIGINT end it cleanly, open questions answered")
def _(d, up):
    for number in (signal.SIGTERM, signal.SIGINT):
        own = Daemon(up)
        with own.udp() as sock:
            sock.send(dns.message.make_query("void.example.",
                                             "A").to_wire())
            until(lambda: own.stats()["upstream-udp"] >= 1, "query")
            own.process.send_signal(number)
            equal(dns.message.from_wire(sock.recv(65535)).rcode(),
                  dns.rcode.SERVFAIL)
            equal(own.process.wait(TIMEOUT), 0, "exit status")
            own.stop()


@case("no descriptor stays open when all questions are answered")
def _(d, up):
    files = pathlib.Path(f"/proc/{d.process.pid}/fd")
    if not files.exists():
        return
    most = 16 + 8 * (WORKERS - 1)
    until(lambda: len(list(files.iterdir())) < most, "descriptors closed")


@case("a port that is taken is an error at the start")
def _(d, up):
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
        conf.write("\n".join(d.base) + "\n")
        conf.flush()
        done = subprocess.run([PROGRAM, "-d", "-f", conf.name],
                              capture_output=True, text=True,
                              timeout=TIMEOUT, check=False)
    equal(done.returncode, 1, "exit status")
    equal("in use" in done.stderr, True, done.stderr)


if __name__ == "__main__":
    sys.exit(main(FakeUpstream))
