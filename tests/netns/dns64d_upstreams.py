#!/usr/bin/python3
"""dns64d and its upstreams: which one is asked, how, and how often.

    client (this script) --- dns64d on 127.0.0.1 --- FakeUpstreams

Needs no root and no network. Prints TAP.
"""

import collections
import math
import os
import contextlib
import pathlib
import signal
import socket
import sys
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import (PREFIX, TIMEOUT, Daemon, case, ede_codes, equal, main,
                 records, types, until)
from pace import since

import dns.flags
import dns.message
import dns.rcode

import behaviours as does
from fake_upstream import FakeUpstream, silence

A = "192.0.2.1"


def names(stem, n):
    """Names that all have an A record; see know_all."""
    return [f"{stem}{i}.example." for i in range(n)]


def address(ask):
    """An A record for whatever was asked."""
    ask.answer(f"{ask.message.question[0].name} 300 A {A}")


def tcp_only(script=address):
    """Truncated over UDP, the script over TCP."""
    def answer(ask):
        if ask.proto == "tcp":
            script(ask)
            return
        reply = ask.reply()
        reply.flags |= dns.flags.TC
        ask.send(reply)
    return answer


def hang_up(ask):
    """Close the connection instead of an answer."""
    with contextlib.suppress(OSError):  # closed by both sides already
        ask.conn.shutdown(socket.SHUT_RDWR)


def over(up, proto):
    """The queries that came by one protocol."""
    return [s for s in list(up.seen) if s.proto == proto]


def connections(up):
    """How many connections were made for all queries by TCP."""
    return len({s.peer for s in over(up, "tcp")})


def ask_all(daemon, all_names, rdtype="A"):
    """Ask all at once; returns the answers by name, in order of arrival."""
    with daemon.udp() as sock:
        for name in all_names:
            sock.send(dns.message.make_query(name, rdtype).to_wire())
        return {reply.question[0].name.to_text(): reply for reply in (
            dns.message.from_wire(sock.recv(65535)) for _ in all_names)}


def have_address(answers):
    """How many answers are good."""
    return sum(records(r, "A") == [A] for r in answers.values())


# --- TCP -----------------------------------------------------------------

# Shows: DNS64-65
@case("one TCP connection serves one query after the other")
def _(d, up):
    with FakeUpstream() as tcp, Daemon(tcp) as own:
        tcp.everything = tcp_only()
        for name in names("again", 20):
            equal(records(own.ask(name, "A"), "A"), [A])
        equal((len(over(tcp, "tcp")), connections(tcp)), (20, 1))


# Shows: DNS64-65
@case("TCP queries are pipelined over few connections, answers in any order")
def _(d, up):
    with FakeUpstream() as tcp, Daemon(
            tcp, extra="limit tcp-per-upstream 2") as own:
        held, lock = [], threading.Lock()

        def hold(ask):
            with lock:
                held.append(ask)
                if len(held) == 12:
                    for each in reversed(held):
                        address(each)
        tcp.everything = tcp_only(hold)
        answers = ask_all(own, names("pipe", 12))
        equal(have_address(answers), 12, "answers")
        equal(connections(tcp), 2, "connections")


# Shows: DNS64-65
@case("the number of TCP connections to an upstream is bounded by default")
def _(d, up):
    with FakeUpstream() as tcp, Daemon(tcp) as own:
        tcp.everything = tcp_only(does.after(0.3, address))
        equal(have_address(ask_all(own, names("many", 40))), 40, "answers")
        equal(connections(tcp), 4, "connections")


# Shows: DNS64-65
@case("a TCP query without an answer holds up no other on its connection")
def _(d, up):
    with FakeUpstream() as tcp, Daemon(
            tcp, extra="limit tcp-per-upstream 1") as own:
        tcp.everything = tcp_only(
            lambda ask: None if "mute" in str(ask.message.question[0].name)
            else address(ask))
        with own.udp() as sock:
            sock.send(dns.message.make_query("mute.example.", "A").to_wire())
            until(lambda: over(tcp, "tcp"), "the first query")
            begin = time.monotonic()
            for name in names("other", 5):
                equal(records(own.ask(name, "A"), "A"), [A])
            equal(since(begin) < 0.5, True, "no waiting")
        equal(connections(tcp), 1, "connections")


# Shows: DNS64-65
@case("a server that answers in order only is asked over another connection")
def _(d, up):
    with FakeUpstream() as tcp, Daemon(
            tcp, extra="limit tcp-per-upstream 2") as own:
        going_on = threading.Event()

        def block(ask):
            if "slow" in str(ask.message.question[0].name):
                going_on.wait(TIMEOUT)
            address(ask)
        tcp.everything = tcp_only(block)
        with own.udp() as sock:
            sock.send(dns.message.make_query("slow.example.", "A").to_wire())
            until(lambda: over(tcp, "tcp"), "the first query")
            begin = time.monotonic()
            for name in names("other", 5):
                equal(records(own.ask(name, "A"), "A"), [A])
            equal(since(begin) < 0.5, True, "no waiting")
            going_on.set()
            equal(records(dns.message.from_wire(sock.recv(65535)), "A"), [A])
        equal(connections(tcp), 2, "connections")


# Shows: DNS64-65
@case("a TCP query is sent once more when the server closes the connection")
def _(d, up):
    with FakeUpstream() as tcp, Daemon(tcp) as own:
        tcp.everything = tcp_only(does.in_turn(address, hang_up, address))
        equal(records(own.ask("first.example.", "A"), "A"), [A])
        equal(records(own.ask("second.example.", "A"), "A"), [A])
        equal((len(over(tcp, "tcp")), connections(tcp)), (3, 2))
        # All that are on the connection, not only the one it died of.
        tcp.seen.clear()
        held, lock = [], threading.Lock()

        def die(ask):
            with lock:
                held.append(ask)
                if len(held) == 3:
                    for each in held:
                        hang_up(each)
                elif len(held) > 3:
                    address(ask)
        tcp.everything = tcp_only(die)
        equal(have_address(ask_all(own, names("three", 3))), 3, "answers")


# Shows: DNS64-65 DNS64-78
@case("a TCP query is sent no more than once more, and then is lost")
def _(d, up):
    with FakeUpstream() as tcp, Daemon(tcp) as own:
        tcp.everything = tcp_only(hang_up)
        begin = time.monotonic()
        equal(own.ask("closed.example.", "A").rcode(), dns.rcode.SERVFAIL)
        equal(since(begin) < 1, True, "at once")
        equal(len(over(tcp, "tcp")), 2, "queries over TCP")
        # The next one that is answered is not the worse for it.
        tcp.everything = tcp_only()
        equal(records(own.ask("open.example.", "A"), "A"), [A])


# Shows: DNS64-65
@case("a connection that the server closed while idle does no harm")
def _(d, up):
    with FakeUpstream() as tcp, Daemon(tcp) as own:
        conns = []

        def keep(ask):
            conns.append(ask.conn)
            address(ask)
        tcp.everything = tcp_only(keep)
        for i, name in enumerate(names("idle", 5)):
            equal(records(own.ask(name, "A"), "A"), [A])
            conns[-1].shutdown(socket.SHUT_RDWR)
            equal(len(over(tcp, "tcp")) <= 2 * (i + 1), True, "queries")


# Shows: DNS64-65
@case("a TCP connection that has gone dead is given up, with what it held")
def _(d, up):
    with FakeUpstream() as tcp, Daemon(
            tcp, extra="limit tcp-per-upstream 1") as own:
        first = []

        def die_once(ask):
            first.append(ask.conn)
            if ask.conn is not first[0]:
                address(ask)
        tcp.everything = tcp_only(die_once)
        with own.udp() as sock:
            sock.send(dns.message.make_query("dead.example.", "A").to_wire())
            until(lambda: over(tcp, "tcp"), "the first query")
            time.sleep(1.5)  # so that the others have time left
            equal(have_address(ask_all(own, names("held", 3))), 3, "others")
            equal(records(own.ask("after.example.", "A"), "A"), [A])
        equal(connections(tcp), 2, "connections")


# --- what is believed ----------------------------------------------------

def collision_bits(values):
    """
    The entropy of a source by how often two of its values are equal
    (Renyi's, of order 2), in bits.
    """
    pairs = math.comb(len(values), 2)
    equal_pairs = sum(math.comb(n, 2)
                      for n in collections.Counter(values).values())
    return math.log2(pairs / max(equal_pairs, 1))


# Shows: DNS64-69
@case("ids and ports of 4000 queries have 15 bits of entropy each")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own, own.udp() as sock:
        one.everything = address
        for name in names("entropy", 4000):
            sock.send(dns.message.make_query(name, "A").to_wire())
            sock.recv(65535)
        seen = over(one, "udp")[:4000]
        ids = [s.message.id for s in seen]
        ports = [s.peer[1] for s in seen]
        equal(len(seen), 4000, "queries")
        for what, values in (("ids", ids), ("ports", ports)):
            bits = collision_bits(values)
            equal(bits >= 15, True, f"{what}: {bits:.2f} bits")
            # Nor does one tell the next.
            steps = [(b - a) % 65536 for a, b in zip(values, values[1:])]
            bits = collision_bits(steps)
            equal(bits >= 15, True, f"steps of {what}: {bits:.2f} bits")
            ones = [sum(v >> bit & 1 for v in values) for bit in range(16)]
            equal(all(1800 < n < 2200 for n in ones), True,
                  f"{what}: bits set {ones}")
        both = list(zip(ids, ports))
        equal(collision_bits(both) >= 21, True, "together")


# Shows: DNS64-72 DNS64-68
@case("a question with many forged answers goes on over TCP")
def _(d, up):
    with FakeUpstream() as forged, Daemon(forged) as own:
        def flood(ask):
            if ask.proto == "tcp":
                address(ask)
                return
            lie = ask.reply("victim.example. 300 A 203.0.113.66")
            for i in range(1, 50):
                lie.id = ask.message.id ^ i
                ask.send(lie)
            lie.id = ask.message.id
            ask.send(lie)
        forged.everything = flood
        equal(records(own.ask("victim.example.", "A"), "A"), [A])
        equal([s.proto for s in forged.seen], ["udp", "tcp"])
        stats = own.stats()
        equal((stats["upstream-abandoned"], stats["upstream-mismatch"]),
              (1, 8))


# Shows: DNS64-72
@case("where TCP fails too a flood of forged answers is no answer")
def _(d, up):
    with FakeUpstream() as forged, FakeUpstream() as good, \
            Daemon(forged, good) as own:
        def flood(ask):
            if ask.proto == "tcp":
                hang_up(ask)
                return
            for i in range(1, 20):
                lie = ask.reply("victim.example. 300 A 203.0.113.66")
                lie.id = ask.message.id ^ i
                ask.send(lie)
        forged.everything = flood
        good.everything = address
        equal(records(own.ask("victim.example.", "A"), "A"), [A])
        equal({s.proto for s in good.seen}, {"tcp"}, "the other server")


# --- health --------------------------------------------------------------

def bring_down(daemon, up):
    """Leave queries for several names unanswered."""
    up.everything = silence
    with daemon.udp() as sock:
        for name in names("lost", 4):
            sock.send(dns.message.make_query(name, "A").to_wire())
        until(lambda: daemon.stats()["upstream-down"] >= 1, "down")


# Shows: DNS64-87
@case("a server that is down is asked last, probed, and found up again")
def _(d, up):
    with FakeUpstream() as one, FakeUpstream() as two, \
            Daemon(one, two) as own:
        two.everything = address
        bring_down(own, one)
        # Before the first probe is due, all goes to the other one.
        one.seen.clear()
        equal(have_address(ask_all(own, names("spared", 20))), 20)
        equal([s for s in one.seen if "spared" in s.name.to_text()], [],
              "queries to the one that is down")
        until(lambda: one.asked(".", "NS"), "a probe")
        one.everything = address
        until(lambda: own.log().count("up\n"), "up again")
        equal(records(own.ask("back.example.", "A"), "A"), [A])
        equal(len(one.asked("back.example.")), 1, "asked again")


# Shows: DNS64-87
@case("a server that is down is probed about once a second")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        times = []

        def note(ask):
            if ask.message.question[0].name == dns.name.root:
                times.append(time.monotonic())
        bring_down(own, one)
        one.everything = note
        before = own.stats()["upstream-probes"]
        time.sleep(3)
        probes = own.stats()["upstream-probes"] - before
        equal(2 <= probes <= 6, True, f"{probes} probes in 3 s")
        # A probe may be more than one query.
        equal(max(b - a for a, b in zip(times, times[1:])) < 1, True,
              f"queries at {times}")


# Shows: DNS64-87
@case("the last server is asked although it is down")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        bring_down(own, one)
        one.everything = lambda ask: None if \
            ask.message.question[0].name == dns.name.root else address(ask)
        equal(records(own.ask("alone.example.", "A"), "A"), [A])


# --- times ---------------------------------------------------------------

# Shows: DNS64-88
@case("the next server is asked before the same, and none in a hurry")
def _(d, up):
    with FakeUpstream() as one, FakeUpstream() as two, \
            FakeUpstream() as three, Daemon(one, two, three) as own:
        order = []
        for number, server in enumerate((one, two, three)):
            server.everything = lambda ask, number=number: order.append(
                (number, time.monotonic()))
        with own.udp() as sock:
            sock.send(dns.message.make_query("order.example.",
                                             "A").to_wire())
            until(lambda: len(order) == 6, "six tries")
        equal([number for number, _ in order], [0, 1, 2, 0, 1, 2])
        gaps = [b[1] - a[1] for a, b in zip(order, order[1:])]
        equal(all(0.09 < gap < 1.7 for gap in gaps), True, f"{gaps}")


# Shows: DNS64-88
@case("a server that answers fast is given up for the next one fast")
def _(d, up):
    with FakeUpstream() as one, FakeUpstream() as two, \
            Daemon(one, two) as own:
        one.everything = two.everything = address
        for name in names("fast", 20):
            own.ask(name, "A")
        one.everything = silence
        begin = time.monotonic()
        equal(records(own.ask("quick.example.", "A"), "A"), [A])
        took = since(begin)
        equal(0.09 < took < 0.3, True, f"{took:.2f} s")


# Shows: DNS64-88 DNS64-85
@case("before five seconds the client learns that nobody was reached")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        one.everything = silence
        begin = time.monotonic()
        reply = own.ask("void.example.", "A", use_edns=0)
        took = since(begin)
        equal(reply.rcode(), dns.rcode.SERVFAIL)
        equal(2 < took < 4.9, True, f"{took:.2f} s")
        equal(22 in ede_codes(reply), True, f"{ede_codes(reply)}")


# --- which server --------------------------------------------------------

def shares(daemon, servers, n, seconds=(0, 0, 0)):
    """Ask n names one by one; returns how many each server got."""
    for server, delay in zip(servers, seconds):
        server.everything = does.after(delay, address) if delay else address
        server.seen.clear()
    for i in range(n):
        equal(records(daemon.ask(f"s{i}-{time.monotonic_ns()}.example.",
                                 "A"), "A"), [A])
    return [len(server.seen) for server in servers]


# Shows: DNS64-89
@case("upstreams ordered: the first one has all the work")
def _(d, up):
    with FakeUpstream() as one, FakeUpstream() as two, \
            FakeUpstream() as three, \
            Daemon(one, two, three, extra="upstreams ordered") as own:
        equal(shares(own, (one, two, three), 30), [30, 0, 0])


# Shows: DNS64-89
@case("upstreams round-robin: all have the same")
def _(d, up):
    with FakeUpstream() as one, FakeUpstream() as two, \
            FakeUpstream() as three, \
            Daemon(one, two, three, extra="upstreams round-robin") as own:
        equal(shares(own, (one, two, three), 30), [10, 10, 10])


# Shows: DNS64-89
@case("upstreams least-outstanding: the one that lags behind is spared")
def _(d, up):
    with FakeUpstream() as one, FakeUpstream() as two, \
            Daemon(one, two, extra="upstreams least-outstanding") as own:
        two.everything = does.after(0.05, address)
        one.everything = does.after(0.05, address)
        ask_all(own, names("all", 20))
        equal((len(one.seen), len(two.seen)), (10, 10), "both at once")
        one.everything = does.after(0.3, address)
        two.everything = address
        one.seen.clear()
        two.seen.clear()
        lost = own.stats()["upstream-lost"]
        with own.udp() as sock:
            sock.send(dns.message.make_query("held.example.",
                                             "A").to_wire())
            until(lambda: one.seen or two.seen, "the first query")
            for name in names("others", 10):
                equal(records(own.ask(name, "A"), "A"), [A])
            # On a busy machine one that times out is asked again elsewhere.
            lost = own.stats()["upstream-lost"] - lost
            equal(len(one.asked("held.example.")) >= 1, True)
            equal(len(one.seen) - lost <= 1, True, "the slow one is spared")


# Shows: DNS64-89
@case("upstreams fastest: the slow ones are asked now and then")
def _(d, up):
    with FakeUpstream() as one, FakeUpstream() as two, \
            FakeUpstream() as three, \
            Daemon(one, two, three, extra="upstreams fastest") as own:
        got = shares(own, (one, two, three), 100, (0.05, 0, 0.03))
        equal((got[1] > 90, got[0] > 0, got[2] > 0), (True, True, True),
              f"{got}")


# Shows: DNS64-89
@case("a domain has servers of its own, the longest match counts")
def _(d, up):
    with FakeUpstream() as corp, FakeUpstream() as lab, Daemon(
            up, extra=f"upstream {corp.addr} port {corp.port} "
            "for corp.test-net.\n"
            f"upstream {lab.addr} port {lab.port} "
            "for Lab.corp.test-net") as own:
        corp.add("www.corp.test-net. 300 A 192.0.2.2",
                 "corp.test-net. 300 A 192.0.2.3")
        lab.add("x.lab.corp.test-net. 300 A 192.0.2.4")
        up.add("notcorp.test-net. 300 A 192.0.2.5",
               "test-net. 300 A 192.0.2.6")
        for name, addr, server in (
                ("www.corp.test-net.", "192.0.2.2", corp),
                ("corp.test-net.", "192.0.2.3", corp),
                ("x.lab.CORP.test-net.", "192.0.2.4", lab),
                ("notcorp.test-net.", "192.0.2.5", up),
                ("test-net.", "192.0.2.6", up)):
            equal(records(own.ask(name, "A"), "A"), [addr], name)
            for other in (corp, lab, up):
                equal(len(other.asked(name)), 1 if other is server else 0,
                      f"{name} at {other.port}")


# Shows: DNS64-89 DNS64-11
@case("an alias that leads out of a domain is followed at the other's servers")
def _(d, up):
    with FakeUpstream() as corp, FakeUpstream() as world, Daemon(
            world, extra=f"upstream {corp.addr} port {corp.port} "
            "for corp.test-net") as own:
        alias = does.records_in(
            answer=["web.corp.test-net. 300 CNAME host.example."])
        for rdtype in ("A", "AAAA"):
            corp.script("web.corp.test-net.", rdtype, alias)
            for a, b in (("one", "two"), ("two", "one")):
                corp.script(f"{a}.corp.test-net.", rdtype, does.records_in(
                    answer=[f"{a}.corp.test-net. 9 CNAME {b}.example."]))
                world.script(f"{b}.example.", rdtype, does.records_in(
                    answer=[f"{b}.example. 9 CNAME {b}.corp.test-net."]))
        world.add("host.example. 200 A 192.0.2.7")
        reply = own.ask("web.corp.test-net.", "A")
        equal((types(reply), records(reply, "A")),
              (["CNAME", "A"], ["192.0.2.7"]))
        # With synthesis, and from the cache as well.
        for _ in range(2):
            reply = own.ask("web.corp.test-net.")
            equal((types(reply), records(reply, "AAAA")),
                  (["CNAME", "AAAA"], [f"{PREFIX}c000:207"]))
        equal(len(corp.asked("web.corp.test-net.", "AAAA")), 1, "asked")
        # Without end, and to nothing.
        reply = own.ask("one.corp.test-net.", "A")
        equal(records(reply, "A"), [])
        equal(len(corp.seen) + len(world.seen) < 20, True, "bounded")
        corp.script("gone.corp.test-net.", "A", does.records_in(
            answer=["gone.corp.test-net. 300 CNAME nowhere.example."]))
        reply = own.ask("gone.corp.test-net.", "A")
        equal((reply.rcode(), types(reply), types(reply, "authority")),
              (3, ["CNAME"], ["SOA"]))


# Shows: DNS64-89
@case("when the servers of a domain fail nobody else learns its names")
def _(d, up):
    with FakeUpstream() as corp, FakeUpstream() as two, Daemon(
            up, extra=f"upstream {corp.addr} port {corp.port} for secret\n"
            f"upstream {two.addr} port {two.port} for secret") as own:
        corp.everything = does.with_rcode(dns.rcode.SERVFAIL)
        two.everything = does.with_rcode(dns.rcode.REFUSED)
        equal(own.ask("www.secret.", "A").rcode(), dns.rcode.SERVFAIL)
        equal((len(corp.asked("www.secret.")), len(two.asked("www.secret."))),
              (1, 1), "servers of the domain")
        equal(up.asked("www.secret."), [], "others")


# --- listeners -----------------------------------------------------------

SO_RCVBUFFORCE = 33


# Shows: DNS64-94
@case("a burst of queries that finds the daemon busy is answered whole")
def _(d, up):
    # The system's bound on buffers is not ours to lift without root.
    is_root = os.geteuid() == 0
    n = 2000 if is_root else 200
    with Daemon(up, extra="limit queries 5000") as own, own.udp() as sock:
        if is_root:
            sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)
        own.process.send_signal(signal.SIGSTOP)
        for i in range(n):
            query = dns.message.make_query("ipv4only.arpa.", "A")
            query.id = i
            sock.send(query.to_wire())
        own.process.send_signal(signal.SIGCONT)
        equal(len({sock.recv(65535)[:2] for _ in range(n)}), n, "answers")


if __name__ == "__main__":
    sys.exit(main(FakeUpstream))
