#!/usr/bin/python3
"""The bed, fifth part: the cache, and questions that are asked once only.

    clients (this script) --- dns64d on 127.0.0.1 --- FakeUpstream

Each case has an upstream and a daemon of its own. Needs no root and no
network. Prints TAP.
"""

import pathlib
import sys
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import (PREFIX, Daemon, case, ede_codes, equal, main, records,
                 types, until)

import dns.flags
import dns.message
import dns.rcode

import behaviours as does
from fake_upstream import FakeUpstream

STALE_ANSWER, CACHED_ERROR, STALE_NXDOMAIN = 3, 13, 19  # RFC 8914, 4
RD, CD = dns.flags.RD, dns.flags.CD


def asked(up, name, rdtype=None):
    """How often the upstream was asked."""
    return len(up.asked(name, rdtype))


# --- what is kept --------------------------------------------------------

# Shows: DNS64-76
@case("a question is asked upstream once, in whatever case it comes")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(own_up) as own:
        own_up.add("kept.example. 300 A 192.0.2.1",
                   'kept.example. 300 TXT "x"')
        for name in ("kept.example.", "KEPT.example.", "kEpT.eXample."):
            for tcp in (False, True):
                equal(records(own.ask(name, tcp=tcp), "AAAA"),
                      [f"{PREFIX}c000:201"])
                equal(records(own.ask(name, "A", tcp=tcp), "A"),
                      ["192.0.2.1"])
                equal(records(own.ask(name, "TXT", tcp=tcp), "TXT"),
                      ['"x"'])
        equal([asked(own_up, "kept.example.", t)
               for t in ("AAAA", "A", "TXT")], [1, 1, 1], "upstream")


# Shows: DNS64-76 DNS64-14
@case("TTLs count down, and what has expired is asked for again")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(
            own_up, extra="prefetch no") as own:
        own_up.add("down.example. 2 A 192.0.2.2")
        seen = set()

        def again():
            reply = own.ask("down.example.")
            equal(records(reply, "AAAA"), [f"{PREFIX}c000:202"])
            seen.add(reply.answer[0].ttl)
            time.sleep(0.05)
            return asked(own_up, "down.example.", "A") > 1
        begin = time.monotonic()
        until(again, "the second question")
        equal(1.9 < time.monotonic() - begin < 2.5, True, "when")
        equal((seen <= {0, 1, 2}, {1, 2} <= seen), (True, True), str(seen))
        equal(asked(own_up, "down.example.", "AAAA"), 1,
              "AAAA, whose denial lasts")


# Shows: DNS64-76
@case("DO and CD have answers of their own, EDNS does not matter")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(own_up) as own:
        own_up.add("bits.example. 300 MX 1 mail.example.")
        n = 0
        for do in (False, True):
            for flags in (RD, RD | CD):
                n += 1
                for _ in range(2):
                    query = dns.message.make_query(
                        "bits.example.", "MX", use_edns=0, want_dnssec=do)
                    query.flags = flags
                    equal(types(own.ask(query)), ["MX"])
                    equal(asked(own_up, "bits.example."), n, "upstream")
        reply = own.ask("bits.example.", "MX")
        equal((reply.edns, asked(own_up, "bits.example.")), (-1, n))


# Shows: DNS64-76
@case("views share what upstreams said, each with its own prefix")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(
            own_up, extra="view two {\n match from 127.0.0.2\n"
            " prefix 2001:db8:65::/96\n}\n") as own:
        own_up.add("shared.example. 300 A 192.0.2.3")
        for source, prefix in (("127.0.0.1", PREFIX),
                               ("127.0.0.2", "2001:db8:65::")):
            for _ in range(2):
                equal(records(own.ask("shared.example.", source=source),
                              "AAAA"), [f"{prefix}c000:203"], source)
        equal(asked(own_up, "shared.example.", "A"), 1, "upstream")


# Shows: DNS64-76 DNS64-77
@case("TTLs above the configured ones are cut, negative ones too")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(
            own_up, extra="ttl max 100\nttl negative 50") as own:
        own_up.add("cap.example. 86400 A 192.0.2.4",
                   'capneg.example. 86400 TXT "x"')
        own_up.script("capneg.example.", "MX", does.records_in(
            authority=["example. 86400 SOA . . 1 2 3 4 86400"]))
        # Upstream's own word is passed on as it is, the first time.
        own.ask("cap.example.", "A")
        own.ask("capneg.example.", "MX")
        for _ in range(2):
            equal(98 <= own.ask("cap.example.", "A").answer[0].ttl <= 100,
                  True, "A")
            reply = own.ask("capneg.example.", "MX")
            equal(48 <= reply.authority[0].ttl <= 50, True, "SOA")


# Shows: DNS64-76 DNS64-94
@case("the cache is bounded in octets, what was used last stays")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(
            own_up, extra="limit cache 200000") as own:
        text = " ".join(['"' + 200 * "x" + '"'] * 4)
        own_up.add('stays.example. 300 TXT "x"')
        before = own.rss()
        for i in range(600):
            own_up.add(f"f{i}.example. 300 TXT {text}")
            own.ask(f"f{i}.example.", "TXT", use_edns=0)
            own.ask("stays.example.", "TXT")
        equal(asked(own_up, "stays.example."), 1, "the popular one")
        own.ask("f599.example.", "TXT", use_edns=0)
        equal(asked(own_up, "f599.example."), 1, "the youngest one")
        own.ask("f0.example.", "TXT", use_edns=0)
        equal(asked(own_up, "f0.example."), 2, "the oldest one")
        equal(own.rss() - before < 4000, True,
              f"grew by {own.rss() - before} KiB")


# Shows: DNS64-77
@case("NODATA is kept by type and NXDOMAIN by name")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(own_up) as own:
        own_up.add('typed.example. 300 TXT "x"',
                   "typed.example. 300 MX 1 mail.example.")
        for _ in range(2):
            equal(types(own.ask("typed.example.", "SRV")), [])
            equal(types(own.ask("typed.example.", "MX")), ["MX"])
            for rdtype in ("MX", "TXT", "AAAA", "A"):
                reply = own.ask("gone.example.", rdtype)
                equal((reply.rcode(), types(reply, "authority")),
                      (dns.rcode.NXDOMAIN, ["SOA"]), rdtype)
        equal(asked(own_up, "typed.example.", "SRV"), 1, "NODATA")
        equal(asked(own_up, "gone.example.", "TXT") +
              asked(own_up, "gone.example.", "A"), 0, "NXDOMAIN")


# Shows: DNS64-77
@case("a denial without SOA is not kept")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(own_up) as own:
        own_up.script("nosoa.example.", "MX", does.records_in())
        for n in (1, 2):
            own.ask("nosoa.example.", "MX")
            equal(asked(own_up, "nosoa.example."), n)


# Shows: DNS64-61 DNS64-76
@case("a truncated answer is never kept")
def _(d, up):
    def cut(ask):
        if ask.proto == "udp":
            does.truncated_partly(ask)
    with FakeUpstream() as own_up, Daemon(own_up) as own:
        own_up.add(*(f"cut.example. 300 A 192.0.2.{i}" for i in range(60)))
        own_up.script("cut.example.", "A", cut)
        own.ask("cut.example.", "A", tcp=True)
        own_up.script("cut.example.", "A", does.truncated)
        until(lambda: len(records(own.ask("cut.example.", "A", tcp=True),
                                  "A")) == 60, "the whole answer")


# Shows: DNS64-38
@case("RD=0 is answered from the cache when it can be")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(own_up) as own:
        own_up.add("warm.example. 300 A 192.0.2.5")
        own.ask("warm.example.", "A")
        query = dns.message.make_query("warm.example.", "A")
        query.flags &= ~RD
        reply = own.ask(query)
        equal((records(reply, "A"), reply.flags & RD), (["192.0.2.5"], 0))
        equal(asked(own_up, "warm.example."), 1, "upstream")


# Shows: DNS64-79
@case("NXDOMAIN answers for what is below it where that is wanted")
def _(d, up):
    for extra, below in (("", 1), ("nxdomain-cut yes", 0)):
        with FakeUpstream() as own_up, Daemon(own_up, extra=extra) as own:
            own.ask("cut.example.", "MX")
            reply = own.ask("a.b.cut.example.", "MX")
            equal((reply.rcode(), types(reply, "authority")),
                  (dns.rcode.NXDOMAIN, ["SOA"]))
            equal(asked(own_up, "a.b.cut.example."), below, extra)
            own.ask("acut.example.", "MX")
            equal(asked(own_up, "acut.example."), 1, "beside it")


# --- one question upstream -----------------------------------------------

# Shows: DNS64-70
@case("fifty clients with one question cost one question upstream")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(own_up) as own, own.udp() as sock:
        own_up.add("crowd.example. 300 A 192.0.2.6")
        for rdtype in ("AAAA", "A"):
            own_up.script("crowd.example.", rdtype, does.after(0.3))
        ids = set()
        for i in range(50):
            query = dns.message.make_query("crowd.example.", "AAAA")
            query.id = 1000 + i
            ids.add(query.id)
            sock.send(query.to_wire())
        for _ in range(50):
            reply = dns.message.from_wire(sock.recv(65535))
            ids.remove(reply.id)
            equal(records(reply, "AAAA"), [f"{PREFIX}c000:206"])
        equal([asked(own_up, "crowd.example.", t) for t in ("AAAA", "A")],
              [1, 1], "upstream")


# --- failures ------------------------------------------------------------

# Shows: DNS64-78 DNS64-85
@case("a failure is remembered for a while that grows, and so is its reason")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(
            own_up, extra="ttl failure 1") as own:
        own_up.script("fail.example.", "A", does.with_rcode(2))
        begin = time.monotonic()
        equal(own.ask("fail.example.", "A").rcode(), 2)
        first = asked(own_up, "fail.example.")
        equal(1 <= first <= 3, True, "tries")
        reply = own.ask("fail.example.", "A", use_edns=0)
        equal((reply.rcode(), CACHED_ERROR in ede_codes(reply)), (2, True))
        equal(asked(own_up, "fail.example."), first, "while remembered")

        def again(count):
            own.ask("fail.example.", "A")
            time.sleep(0.05)
            return asked(own_up, "fail.example.") > count
        until(lambda: again(first), "the second try")
        equal(0.9 < time.monotonic() - begin < 1.5, True, "first time")
        second = asked(own_up, "fail.example.")
        begin = time.monotonic()
        until(lambda: again(second), "the third try")
        equal(1.7 < time.monotonic() - begin < 2.6, True, "second time")
        own_up.add("fail.example. 300 A 192.0.2.7")
        own_up.script("fail.example.", "A", None)
        until(lambda: records(own.ask("fail.example.", "A"), "A"), "recovery")


# Shows: DNS64-78 DNS64-07
@case("a black-holed AAAA is not waited for again at once")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(own_up) as own:
        own_up.add("hole.example. 1 A 192.0.2.8")
        own_up.script("hole.example.", "AAAA", does.silence)
        own.ask("hole.example.")
        until(lambda: own.stats()["queries"] == 0
              if "queries" in own.stats() else True, "rest")
        time_used = []

        def quick():
            begin = time.monotonic()
            equal(records(own.ask("hole.example."), "AAAA"),
                  [f"{PREFIX}c000:208"])
            time_used.append(time.monotonic() - begin)
            return time_used[-1] < 0.2
        until(quick, "a quick answer")
        equal(max(time_used) < 1.1, True, f"{time_used}")


# --- stale answers -------------------------------------------------------

# Shows: DNS64-81 DNS64-85
@case("a stale answer comes when the upstream fails, and says so")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(
            own_up, extra="serve-stale yes") as own:
        own_up.add("stale.example. 1 A 192.0.2.9")
        own_up.script("gone.example.", "MX", does.records_in(
            rcode=3, authority=["example. 1 SOA . . 1 2 3 4 1"]))
        own.ask("stale.example.")
        own.ask("gone.example.", "MX")
        own_up.everything = does.with_rcode(2)

        def stale():
            reply = own.ask("stale.example.", "A", use_edns=0)
            equal(records(reply, "A"), ["192.0.2.9"])
            return STALE_ANSWER in ede_codes(reply) and reply
        reply = until(stale, "a stale answer")
        equal(reply.answer[0].ttl, 30, "TTL")
        reply = own.ask("stale.example.", use_edns=0)
        equal((records(reply, "AAAA"), reply.answer[0].ttl <= 30),
              ([f"{PREFIX}c000:209"], True), "AAAA")
        equal(STALE_ANSWER in ede_codes(reply), True, "AAAA says so")

        def gone():
            reply = own.ask("gone.example.", "MX", use_edns=0)
            equal(reply.rcode(), dns.rcode.NXDOMAIN)
            return STALE_NXDOMAIN in ede_codes(reply)
        until(gone, "a stale NXDOMAIN")


# Shows: DNS64-81
@case("a stale answer comes after 1.8 s when the upstream is silent")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(
            own_up, extra="serve-stale yes") as own:
        own_up.add("mute.example. 1 A 192.0.2.10")
        own.ask("mute.example.")
        own_up.everything = does.silence
        time.sleep(1.1)  # the TTL
        begin = time.monotonic()
        equal(records(own.ask("mute.example.", "A"), "A"), ["192.0.2.10"])
        took = time.monotonic() - begin
        equal(1.6 < took < 2.1, True, f"{took:.2f} s")
        begin = time.monotonic()
        equal(records(own.ask("mute.example."), "AAAA"),
              [f"{PREFIX}c000:20a"])
        equal(time.monotonic() - begin < 2.1, True, "AAAA")


# Shows: DNS64-81
@case("without serve-stale what has expired is not used")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(
            own_up, extra="serve-stale no") as own:
        own_up.add("old.example. 1 A 192.0.2.11")
        own.ask("old.example.", "A")
        own_up.everything = does.with_rcode(2)
        until(lambda: own.ask("old.example.", "A").rcode() == 2,
              "failure", 2)


# --- prefetch ------------------------------------------------------------

# Shows: DNS64-82
@case("a popular name is refreshed, both legs, before it expires")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(
            own_up, extra="prefetch yes") as own:
        own_up.script("pop.example.", "AAAA", does.records_in(
            authority=["example. 3 SOA . . 1 2 3 4 3"]))
        own_up.add("pop.example. 3 A 192.0.2.12")
        own.ask("pop.example.")
        own_up.script("pop.example.", "A", does.after(0.1))
        slowest = 0

        def refreshed():
            nonlocal slowest
            begin = time.monotonic()
            equal(records(own.ask("pop.example."), "AAAA"),
                  [f"{PREFIX}c000:20c"])
            slowest = max(slowest, time.monotonic() - begin)
            time.sleep(0.02)
            return min(asked(own_up, "pop.example.", t)
                       for t in ("AAAA", "A")) >= 3
        until(refreshed, "two refreshes", 10)
        equal(slowest < 0.09, True, f"{slowest:.3f} s for one answer")


# Shows: DNS64-82
@case("a name that is asked for rarely is not refreshed")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(
            own_up, extra="prefetch yes") as own:
        own_up.add("rare.example. 2 A 192.0.2.13")
        own.ask("rare.example.", "A")
        done = threading.Event()
        done.wait(1.9)
        own.ask("rare.example.", "A")
        done.wait(0.05)
        equal(asked(own_up, "rare.example."), 1, "upstream")


if __name__ == "__main__":
    sys.exit(main(FakeUpstream, workers=8))
