#!/usr/bin/python3
"""The cache of dns64d and its neighbours: joined questions, failures,
stale answers, prefetch.

    client (this script) --- dns64d on 127.0.0.1 --- FakeUpstream

Cases run side by side, so each has names of its own. Needs no root and no
network. Prints TAP.
"""

import collections
import pathlib
import re
import signal
import sys
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import (PREFIX, Daemon, case, ede_codes, equal, framed, main,
                 option, read_framed, records, until)
from pace import since, timed

import dns.edns
import dns.flags
import dns.message
import dns.rcode

from fake_upstream import SOA, FakeUpstream, rrset, silence, with_rcode

SERVFAIL = dns.rcode.SERVFAIL
NXDOMAIN = dns.rcode.NXDOMAIN


def later(seconds, script=None):
    """A script that runs another one, or answers from the zone, later."""
    def run(ask):
        if script is not None:
            script(ask)
        else:
            ask.send(ask.from_zone())
    return lambda ask: threading.Timer(seconds, run, (ask,)).start()


def sleep_until(begin, seconds):
    """Wait until so long after begin: for what only time can show."""
    time.sleep(max(0, begin + seconds - time.monotonic()))


# --- hits ----------------------------------------------------------------

@case("addresses of cached answers begin with another one each time")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(own_up) as own:
        own_up.add(*(f"many.example. 300 A 192.0.2.{i}" for i in range(4)))
        for rdtype in ("A", "AAAA"):
            firsts = collections.Counter(
                own.ask("many.example.", rdtype).answer[0][0].to_text()
                for _ in range(80))
            equal((len(firsts), min(firsts.values()) > 5), (4, True),
                  f"{rdtype}: {firsts}")
        equal(len(own_up.seen), 2, "questions upstream")


# Shows: DNS64-76
@case("a second question is answered from the cache, its TTL counted down")
def _(d, up):
    up.add("hit.example. 100 A 192.0.2.1")
    equal(d.ask("hit.example.", "A").answer[0].ttl, 100, "first")
    time.sleep(1.1)
    reply = d.ask("HIT.example.", "A")
    equal(reply.answer[0].ttl in (98, 99), True, str(reply.answer[0].ttl))
    equal(reply.question[0].name.to_text(), "HIT.example.", "case")
    equal(len(up.asked("hit.example.")), 1, "queries upstream")


# Shows: DNS64-76 DNS64-14
@case("an answer is synthesised from the cache, its TTL counted down")
def _(d, up):
    up.add("syn.example. 100 A 192.0.2.2")
    d.ask("syn.example.")
    time.sleep(1.1)
    reply = d.ask("syn.example.")
    equal(records(reply, "AAAA"), [f"{PREFIX}c000:202"])
    equal(reply.answer[0].ttl in (98, 99), True, str(reply.answer[0].ttl))
    equal(len(up.asked("syn.example.")), 2, "queries upstream")


# Shows: DNS64-77
@case("NODATA is kept for its type, NXDOMAIN for the name")
def _(d, up):
    up.add("some.example. 300 TXT x")
    for _ in range(2):
        equal(d.ask("some.example.", "MX").answer, [], "NODATA")
        equal(d.ask("none.example.", "A").rcode(), NXDOMAIN, "rcode")
        equal(d.ask("none.example.", "MX").rcode(), NXDOMAIN, "rcode")
    equal(records(d.ask("some.example.", "TXT"), "TXT"), ['"x"'])
    equal(len(up.asked("some.example.")), 2, "queries for one type each")
    equal(len(up.asked("none.example.")), 1, "queries for a name")


# Shows: DNS64-77 DNS64-15
@case("a denial lives as long as its SOA says, at most as configured")
def _(d, up):
    def denial(ask):
        reply = ask.reply()
        reply.authority = [rrset(SOA.replace("86400 120", "86400 1"))]
        ask.send(reply)
    up.script("short.example.", "A", denial)
    d.ask("short.example.", "A")
    d.ask("short.example.", "A")
    equal(len(up.asked("short.example.")), 1, "queries")
    until(lambda: d.ask("short.example.", "A") and
          len(up.asked("short.example.")) == 2, "expiry", 3)
    with Daemon(up, extra="ttl negative 1\nttl max 1") as own:
        up.add("cap.example. 300 A 192.0.2.3")
        equal(own.ask("cap.example.", "A").answer[0].ttl, 300, "relayed")
        equal(own.ask("cap.example.", "A").answer[0].ttl, 1, "kept")
        own.ask("nocap.example.", "A")
        equal(own.ask("nocap.example.", "A").authority[0].ttl, 1, "SOA")
        until(lambda: own.ask("nocap.example.", "A") and
              len(up.asked("nocap.example.")) == 2, "expiry", 3)


# Shows: DNS64-76
@case("views with different prefixes share the cache, each with its own AAAA")
def _(d, up):
    with Daemon(up, extra='view "b" {\nmatch from 127.0.0.2\n'
                'prefix 2001:db8:65::/96\n}') as own:
        up.add("view.example. 300 A 192.0.2.4")
        equal(records(own.ask("view.example."), "AAAA"),
              [f"{PREFIX}c000:204"])
        equal(records(own.ask("view.example.", source="127.0.0.2"), "AAAA"),
              ["2001:db8:65::c000:204"])
        equal(len(up.asked("view.example.")), 2, "queries upstream")


# Shows: DNS64-76 DNS64-45
@case("DO and CD have entries of their own")
def _(d, up):
    up.add("bits.example. 300 A 192.0.2.5")
    for _ in range(2):
        d.ask("bits.example.", "A")
        d.ask("bits.example.", "A", want_dnssec=True)
        d.ask("bits.example.", "A", flags=dns.flags.RD | dns.flags.CD)
    equal(sorted((bool(s.message.ednsflags & dns.flags.DO),
                  bool(s.message.flags & dns.flags.CD))
                 for s in up.asked("bits.example.")),
          [(False, False), (False, True), (True, False)], "queries")


# Shows: DNS64-60 DNS64-76
@case("answers for a client subnet are kept for it, those of scope 0 for all")
def _(d, up):
    def scoped(ask):
        ecs = next(o for o in ask.message.options if o.otype == 8)
        scope = 24 if "near" in ask.message.question[0].name.to_text() else 0
        reply = ask.from_zone()
        reply.use_edns(0, options=[dns.edns.ECSOption(
            ecs.address, ecs.srclen, scope)])
        ask.send(reply)
    with FakeUpstream() as one, Daemon(
            one, extra="client-subnet forward") as own:
        for name, queries, scope in (("near.example.", 4, 24),
                                     ("all.example.", 2, 0)):
            one.add(f"{name} 300 A 192.0.2.26")
            one.script(name, "A", scoped)
            one.script(name, "AAAA", scoped)
            for net in ("198.51.100.0", "203.0.113.0") * 2:
                reply = own.ask(name, use_edns=0, options=[
                    dns.edns.ECSOption(net, 24)])
                equal(records(reply, "AAAA"), [f"{PREFIX}c000:21a"])
                ecs = option(reply, 8)
                equal((ecs.address, ecs.scopelen), (net, scope), "subnet")
            equal(len(one.asked(name)), queries, f"queries for {name}")


# Shows: DNS64-38
@case("RD=0 is answered from the cache, or forwarded with RD=0, without A lookup")
def _(d, up):
    up.add("rd.example. 300 A 192.0.2.6")
    reply = d.ask("rd.example.", "AAAA", flags=0)
    equal(reply.answer, [], "answer")
    seen = up.asked("rd.example.")
    equal([(s.type, s.message.flags & dns.flags.RD) for s in seen],
          [(28, 0)], "queries upstream")
    # Nor does what came without recursion answer those who want it.
    equal(records(d.ask("rd.example."), "AAAA"), [f"{PREFIX}c000:206"])
    equal(records(d.ask("rd.example.", "A", flags=0), "A"), ["192.0.2.6"])
    equal(len(up.asked("rd.example.")), 3, "queries upstream")


# Shows: DNS64-61
@case("a truncated answer is not kept, the whole one over TCP is")
def _(d, up):
    up.add(*[f"part.example. 300 A 198.51.100.{i}" for i in range(100)])

    def truncate(ask):
        reply = ask.from_zone()
        if ask.proto == "udp":
            reply.answer = reply.answer[:0]
            reply.flags |= dns.flags.TC
        ask.send(reply)
    up.script("part.example.", "A", truncate)
    for _ in range(2):
        equal(len(records(d.ask("part.example.", "A", tcp=True), "A")), 100)
    equal([s.proto for s in up.asked("part.example.")], ["udp", "tcp"])
    equal(d.ask("part.example.", "A").flags & dns.flags.TC, dns.flags.TC)


# Shows: DNS64-79
@case("NXDOMAIN denies what is below it when that is wanted")
def _(d, up):
    with Daemon(up, extra="nxdomain-cut yes") as own:
        equal(own.ask("cut.example.", "A").rcode(), NXDOMAIN)
        reply = own.ask("a.b.cut.example.", "AAAA")
        equal(reply.rcode(), NXDOMAIN)
        equal(len(records(reply, "SOA", "authority")), 1, "SOA")
        equal(up.asked("a.b.cut.example."), [], "queries")
    d.ask("cut.example.", "A")
    d.ask("a.b.cut.example.", "A")
    equal(len(up.asked("a.b.cut.example.")), 1, "queries by default")


# Shows: DNS64-76 DNS64-94
@case("the cache stays within its bytes, and off is off")
def _(d, up):
    with FakeUpstream() as many, Daemon(
            many, extra="limit cache 65536") as own:
        many.everything = lambda ask: ask.answer(
            f"{ask.message.question[0].name} 300 A 192.0.2.7")
        for i in range(600):
            own.ask(f"n{i}.example.", "A")
        own.stats()
        found = re.findall(r"cache entries (\d+) bytes (\d+) of 65536 "
                           r"evicted (\d+)", own.read(own.out))[-1]
        entries, octets, evicted = map(int, found)
        equal(octets <= 65536, True, f"{octets} octets")
        equal(entries + evicted, 600, "entries")
        many.seen.clear()
        own.ask("n599.example.", "A")
        own.ask("n0.example.", "A")
        equal([s.name.to_text() for s in many.seen], ["n0.example."])
    with Daemon(up, extra="limit cache 0") as own:
        up.add("off.example. 300 A 192.0.2.8")
        for _ in range(3):
            own.ask("off.example.", "A")
        equal(len(up.asked("off.example.")), 3, "queries")


@case("SIGHUP empties the cache")
def _(d, up):
    with Daemon(up) as own:
        up.add("hup.example. 300 A 192.0.2.9")
        own.ask("hup.example.", "A")
        own.signal(signal.SIGHUP, "reload: done")
        own.ask("hup.example.", "A")
        equal(len(up.asked("hup.example.")), 2, "queries")


# --- joined questions ----------------------------------------------------

# Shows: DNS64-70
@case("the same question of many clients goes upstream once")
def _(d, up):
    up.add("join.example. 300 A 192.0.2.10")
    up.script("join.example.", "A", later(0.3))
    names = ["join.example.", "JOIN.example.", "jOiN.eXample."]
    queries = [dns.message.make_query(names[i % 3], "AAAA")
               for i in range(30)]
    with Daemon(up) as own:
        with own.tcp() as sock, sock.makefile("rb") as stream:
            sock.sendall(b"".join(framed(q.to_wire()) for q in queries))
            replies = [read_framed(stream) for _ in queries]
        stats = own.stats()
    equal(sorted(r.id for r in replies), sorted(q.id for q in queries))
    by_id = {q.id: q for q in queries}
    for reply in replies:
        equal(records(reply, "AAAA"), [f"{PREFIX}c000:20a"])
        equal(reply.question[0].name.to_text(),
              by_id[reply.id].question[0].name.to_text(), "case")
    # What was lost is sent again; that is not another question.
    equal((stats["cache-misses"], stats["coalesced"]), (2, 58), "questions")


# Shows: DNS64-70
@case("the same question with other bits is not joined")
def _(d, up):
    up.add("apart.example. 300 A 192.0.2.11")
    up.script("apart.example.", "A", later(0.2))
    socks = []
    with Daemon(up) as own:
        for flags in (0, dns.flags.RD, dns.flags.RD | dns.flags.CD,
                      dns.flags.RD | dns.flags.AD):
            socks.append(own.udp())
            socks[-1].send(dns.message.make_query(
                "apart.example.", "A", flags=flags).to_wire())
        for sock in socks:
            equal(records(dns.message.from_wire(sock.recv(4096)), "A"),
                  ["192.0.2.11"])
            sock.close()
        equal(own.stats()["coalesced"], 0, "joined")


# --- failures ------------------------------------------------------------

# Shows: DNS64-78
@case("SERVFAIL is kept for five seconds by default, and then for longer")
def _(d, up):
    up.script("fail.example.", "A", with_rcode(SERVFAIL))
    begin = time.monotonic()
    tries = set()
    while time.monotonic() < begin + 9:
        reply = d.ask("fail.example.", "A", use_edns=0)
        equal(reply.rcode(), SERVFAIL, "rcode")
        tries.add(len(up.asked("fail.example.")))
        time.sleep(0.5)
    # Once at the beginning, once after five seconds.
    each = min(tries)
    equal((each <= 3, max(tries) == 2 * each), (True, True), str(tries))


# Shows: DNS64-78 DNS64-85
@case("a failure is kept as long as configured, and told as cached")
def _(d, up):
    with Daemon(up, extra="ttl failure 1") as own:
        up.script("mend.example.", "A", with_rcode(SERVFAIL))
        equal(ede_codes(own.ask("mend.example.", "A", use_edns=0)), [])
        reply = own.ask("mend.example.", "A", use_edns=0)
        equal((reply.rcode(), ede_codes(reply)), (SERVFAIL, [13]))
        up.script("mend.example.", "A", None)
        up.add("mend.example. 300 A 192.0.2.12")
        until(lambda: records(own.ask("mend.example.", "A"), "A") ==
              ["192.0.2.12"], "recovery", 3)


# Shows: DNS64-78
@case("no answer at all is kept, too: the second SERVFAIL comes at once")
def _(d, up):
    up.script("mute.example.", "TXT", silence)
    equal(d.ask("mute.example.", "TXT").rcode(), SERVFAIL)
    n = len(up.asked("mute.example."))
    reply, seconds = timed(lambda: d.ask("mute.example.", "TXT", use_edns=0))
    equal((reply.rcode(), seconds < 0.5), (SERVFAIL, True))
    equal(13 in ede_codes(reply), True, "EDE 13")
    equal(len(up.asked("mute.example.")), n, "queries")


# Shows: DNS64-44 DNS64-78
@case("a failed validation that is kept still rules out the A lookup")
def _(d, up):
    def bogus(ask):
        reply = ask.reply(rcode=SERVFAIL)
        reply.use_edns(0, options=[dns.edns.GenericOption(15, b"\x00\x06")])
        ask.send(reply)
    up.add("bogus.example. 300 A 192.0.2.13")
    up.script("bogus.example.", "AAAA", bogus)
    for _ in range(2):
        reply = d.ask("bogus.example.", use_edns=0)
        equal((reply.rcode(), 6 in ede_codes(reply)), (SERVFAIL, True))
    equal(len(up.asked("bogus.example.", "AAAA")), 1, "AAAA upstream")


# Shows: DNS64-07 DNS64-78
@case("black-holed AAAA: an answer within 1 s, and others are not slowed")
def _(d, up):
    with FakeUpstream() as hole, Daemon(hole) as own:
        hole.add("fine.example. 0 A 192.0.2.14")
        for i in range(20):
            hole.add(f"hole{i}.example. 300 A 192.0.2.15")
            hole.script(f"hole{i}.example.", "AAAA", silence)
        socks = [own.udp() for _ in range(20)]
        begin = time.monotonic()
        for i, sock in enumerate(socks):
            sock.send(dns.message.make_query(f"hole{i}.example.",
                                             "AAAA").to_wire())
        while time.monotonic() < begin + 0.7:
            reply, seconds = timed(lambda: own.ask("fine.example."))
            equal(records(reply, "AAAA"), [f"{PREFIX}c000:20e"])
            equal(seconds < 0.2, True, f"another name took {seconds:.2f} s")
        for sock in socks:
            equal(records(dns.message.from_wire(sock.recv(4096)), "AAAA"),
                  [f"{PREFIX}c000:20f"])
            sock.close()
        seconds = since(begin)
        equal(seconds < 1, True, f"{seconds:.2f} s")
        # The question goes on, and then all of this is known.
        until(lambda: "questions upstream 0" in own.stats_text(), "end", 7)
        reply, seconds = timed(lambda: own.ask("hole0.example."))
        equal(records(reply, "AAAA"), [f"{PREFIX}c000:20f"])
        equal(seconds < 0.3, True, f"{seconds:.2f} s")


# Shows: DNS64-94
@case("questions that nobody waits for any more are few")
def _(d, up):
    with FakeUpstream() as hole, Daemon(
            hole, extra="limit queries 16\ntimeout aaaa 50") as own:
        for i in range(10):
            hole.add(f"left{i}.example. 300 A 192.0.2.25")
            hole.script(f"left{i}.example.", "AAAA", silence)
            equal(records(own.ask(f"left{i}.example."), "AAAA"),
                  [f"{PREFIX}c000:219"])
        equal("questions upstream 4, of them for the cache alone 4" in
              own.stats_text(), True)


# --- stale answers -------------------------------------------------------

# Shows: DNS64-81
@case("a stale answer comes when the upstreams fail, or after 1.8 s")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        one.add("old.example. 1 A 192.0.2.16", "older.example. 1 A 192.0.2.17")
        own.ask("old.example.")
        own.ask("older.example.", "A")
        begin = time.monotonic()
        one.everything = with_rcode(SERVFAIL)
        sleep_until(begin, 1.2)
        reply, seconds = timed(lambda: own.ask("older.example.", "A",
                                               use_edns=0))
        equal((records(reply, "A"), reply.answer[0].ttl), (["192.0.2.17"], 30))
        equal((ede_codes(reply), seconds < 0.5), ([3], True))
        # AAAA is denied for longer: only the A lookup is stale.
        one.everything = silence
        reply, seconds = timed(lambda: own.ask("old.example.", use_edns=0))
        equal(records(reply, "AAAA"), [f"{PREFIX}c000:210"])
        equal(reply.answer[0].ttl, 30, "ttl")
        equal((ede_codes(reply), 1.6 < seconds < 2.2), ([3], True),
              f"{seconds:.2f} s")


# Shows: DNS64-81
@case("both lookups may be stale, and failures are rechecked after 30 s only")
def _(d, up):
    with FakeUpstream() as one, Daemon(one, extra="ttl negative 1") as own:
        one.add("both.example. 1 A 192.0.2.18")
        own.ask("both.example.")
        begin = time.monotonic()
        one.everything = silence
        sleep_until(begin, 1.2)
        reply, seconds = timed(lambda: own.ask("both.example."))
        equal(records(reply, "AAAA"), [f"{PREFIX}c000:212"])
        equal(1.6 < seconds < 2.2, True, f"{seconds:.2f} s")
        until(lambda: "questions upstream 0" in own.stats_text(), "end", 7)
        one.seen.clear()
        reply, seconds = timed(lambda: own.ask("both.example."))
        equal(records(reply, "AAAA"), [f"{PREFIX}c000:212"])
        equal((seconds < 0.3, one.seen), (True, []), f"{seconds:.2f} s")


# Shows: DNS64-81
@case("a stale AAAA is preferred to a synthesised one when AAAA is overdue")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        one.add("six.example. 1 AAAA 2001:db8:1::6",
                "six.example. 300 A 192.0.2.24")
        own.ask("six.example.")
        begin = time.monotonic()
        one.script("six.example.", "AAAA", silence)
        sleep_until(begin, 1.2)
        reply, seconds = timed(lambda: own.ask("six.example."))
        equal(records(reply, "AAAA"), ["2001:db8:1::6"])
        equal((reply.answer[0].ttl, seconds < 1), (30, True))


# Shows: DNS64-81
@case("a stale NXDOMAIN says so")
def _(d, up):
    with FakeUpstream() as one, Daemon(one, extra="ttl negative 1") as own:
        own.ask("gone.example.", "A")
        begin = time.monotonic()
        one.everything = with_rcode(SERVFAIL)
        sleep_until(begin, 1.2)
        reply = own.ask("gone.example.", "A", use_edns=0)
        equal((reply.rcode(), ede_codes(reply)), (NXDOMAIN, [19]))


# Shows: DNS64-81
@case("nothing stale is served when that is not wanted, or for too long")
def _(d, up):
    for extra in ("serve-stale no", "ttl stale 1"):
        with FakeUpstream() as one, Daemon(one, extra=extra) as own:
            one.add("gone.example. 1 A 192.0.2.19")
            own.ask("gone.example.", "A")
            begin = time.monotonic()
            one.everything = with_rcode(SERVFAIL)
            sleep_until(begin, 2.2)
            equal(own.ask("gone.example.", "A").rcode(), SERVFAIL, extra)


@case("a fresh answer that comes in time is preferred to a stale one")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        one.add("slow.example. 1 A 192.0.2.20")
        own.ask("slow.example.", "A")
        begin = time.monotonic()
        one.zone.clear()
        one.add("slow.example. 1 A 192.0.2.21")
        one.script("slow.example.", "A", later(0.3))
        sleep_until(begin, 1.2)
        equal(records(own.ask("slow.example.", "A"), "A"), ["192.0.2.21"])


# --- prefetch ------------------------------------------------------------

def ask_for(d, name, seconds):
    """Ask again and again."""
    begin = time.monotonic()
    while time.monotonic() < begin + seconds:
        d.ask(name)
        time.sleep(0.02)


# Shows: DNS64-82
@case("a popular name is fetched anew before it expires, both lookups of it")
def _(d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        one.add("hot.example. 5 A 192.0.2.22")
        ask_for(own, "hot.example.", 6)
        stats = own.stats()
        equal((stats["prefetches"], stats["cache-misses"]), (2, 2),
              "fetched before, fetched when asked for")
        equal(len(one.asked("hot.example.", "A")), 2, "A upstream")
        equal(len(one.asked("hot.example.", "AAAA")), 2, "AAAA upstream")


# Shows: DNS64-82
@case("nothing is fetched before its time when that is not wanted")
def _(d, up):
    with FakeUpstream() as one, Daemon(one, extra="prefetch no") as own:
        one.add("cold.example. 2 A 192.0.2.23")
        own.ask("cold.example.")
        ask_for(own, "cold.example.", 1.9)
        equal(len(one.seen), 2, "queries")


if __name__ == "__main__":
    sys.exit(main(FakeUpstream, workers=8))
