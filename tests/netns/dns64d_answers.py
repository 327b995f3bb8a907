#!/usr/bin/python3
"""The packet cache: its answers are the same as those composed each time.

    client (this script) --- dns64d, cache-answers yes --- FakeUpstream
                       `---- dns64d, cache-answers no  ---'

Needs no root and no network. Prints TAP.
"""

import os
import pathlib
import signal
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))
os.environ.pop("DNS64D_CACHE_ANSWERS", None)  # this is about both ways

from lab import PREFIX, Daemon, case, equal, main, option, records, until

import dns.edns
import dns.flags
import dns.message
import dns.rcode

import behaviours as does
from fake_upstream import FakeUpstream

COUNTERS = ("passed", "synthesised", "nxdomain-synth", "local",
            "servfail", "truncated", "queries-udp", "queries-tcp")


def publish(up):
    """Names of every kind."""
    up.add("v4.example. 300 A 192.0.2.1", "v4.example. 300 A 192.0.2.2",
           "v6.example. 300 AAAA 2001:db8:1::1",
           "alias.example. 200 CNAME v4.example.",
           "away.example. 200 CNAME other.test.",
           "other.test. 100 A 192.0.2.3",
           "mapped.example. 300 AAAA ::ffff:192.0.2.4",
           "mapped.example. 300 A 192.0.2.4",
           'text.example. 300 TXT "x"',
           "svc.example. 300 HTTPS 1 . alpn=h2 ipv4hint=192.0.2.5",
           *(f"many.example. 300 A 198.51.100.{i}" for i in range(90)))
    up.script("signed.example.", "AAAA", does.records_in(
        answer=["signed.example. 300 AAAA 2001:db8:1::2",
                does.rrsig("signed.example.", "AAAA")], flags=dns.flags.AD))


QUESTIONS = (("v4", "AAAA"), ("v4", "A"), ("v6", "AAAA"), ("v6", "A"),
             ("alias", "AAAA"), ("away", "AAAA"), ("mapped", "AAAA"),
             ("text", "TXT"), ("text", "AAAA"), ("svc", "HTTPS"),
             ("none", "AAAA"), ("none", "MX"), ("many", "AAAA"),
             ("signed", "AAAA"))


def queries():
    """Each question in every way."""
    for name, rdtype in QUESTIONS:
        for how in ({}, {"use_edns": 0, "payload": 1232},
                    {"use_edns": 0, "payload": 512},
                    {"want_dnssec": True}):
            for flags in (0, dns.flags.CD, dns.flags.AD):
                query = dns.message.make_query(f"{name}.example.", rdtype,
                                               **how)
                query.flags |= flags
                yield query


def comparable(reply):
    """All of a reply but its id and exact TTLs."""
    sections = [[(rrs.name.to_text(), rrs.rdtype, sorted(
        rd.to_text() for rd in rrs)) for rrs in section]
        for section in (reply.question, reply.answer, reply.authority,
                        reply.additional)]
    return (reply.flags, reply.edns, reply.ednsflags, reply.payload,
            [(o.otype, o.to_wire()) for o in reply.options], sections)


def ttls(reply):
    """The TTLs of a reply, in order."""
    return [rrs.ttl for section in (reply.answer, reply.authority,
                                    reply.additional) for rrs in section]


def ask_both(one, other, query, tcp):
    """Ask both three times; the last answers must be alike."""
    for _ in range(3):
        a, b = one.ask(query, tcp=tcp), other.ask(query, tcp=tcp)
    equal(comparable(a), comparable(b), query.to_text())
    for x, y in zip(ttls(a), ttls(b)):
        equal(abs(x - y) <= 2, True, f"TTLs {x} and {y}, {query.to_text()}")


def both(up, extra=""):
    """A daemon that keeps answers and one that does not."""
    return (Daemon(up, extra=extra + "\ncache-answers yes"),
            Daemon(up, extra=extra + "\ncache-answers no"))


# Shows: DNS64-76
@case("kept answers are those that are composed, and counted alike")
def _(_d, up):
    publish(up)
    for extra in ("", "nxdomain synth\nchecking-disabled synth\n"
                  "filter ipv4hint\ntell-synthesised yes",
                  "prefix 2001:db8:65::/96", "signed leave"):
        keeps, composes = both(up, extra)
        with keeps, composes:
            for query in queries():
                ask_both(keeps, composes, query, False)
            for query in list(queries())[::5]:
                ask_both(keeps, composes, query, True)
            kept, composed = keeps.stats(), composes.stats()
            for counter in COUNTERS:
                equal(kept[counter], composed[counter], counter)
            # A question may meet one that is on its way still.
            equal(*(sum(stats[counter] for counter in (
                "cache-hits", "cache-misses", "coalesced"))
                for stats in (kept, composed)), "questions")
            equal((kept["answer-hits"] > 100, composed["answer-hits"]),
                  (True, 0), "answer-hits")


# Shows: DNS64-76 DNS64-14
@case("a kept answer has the client's id and spelling, its TTL counted down")
def _(_d, up):
    up.add("spell.example. 100 A 192.0.2.6")
    with Daemon(up) as own:
        for _ in range(3):
            own.ask("spell.example.")
        time.sleep(1.1)
        reply = own.ask("sPeLL.example.")
        equal(reply.question[0].name.to_text(), "sPeLL.example.")
        equal(reply.answer[0].name.to_text(), "sPeLL.example.")
        equal(reply.answer[0].ttl in (98, 99), True, str(reply.answer[0].ttl))
        equal(own.stats()["answer-hits"], 2)
        equal(len(up.asked("spell.example.")), 2, "queries upstream")


# Shows: DNS64-76
@case("each view and each client has its own")
def _(_d, up):
    up.add("view.example. 300 A 192.0.2.7")
    with Daemon(up, extra='view "b" {\nmatch from 127.0.0.2\n'
                'prefix 2001:db8:65::/96\n}\n'
                'view "c" {\nmatch from 127.0.0.3\ndns64 no\n}\n'
                'view "d" {\nmatch from 127.0.0.4\n'
                'dns64 ipv6-clients\n}') as own:
        for _ in range(4):
            for source, expected in (
                    ("127.0.0.1", [f"{PREFIX}c000:207"]),
                    ("127.0.0.2", ["2001:db8:65::c000:207"]),
                    ("127.0.0.3", []), ("127.0.0.4", [])):
                reply = own.ask("view.example.", source=source)
                equal(records(reply, "AAAA"), expected, source)


# Shows: DNS64-76
@case("each answer has its turn of the prefixes, and its cookie")
def _(_d, up):
    up.add("turn.example. 300 A 192.0.2.8")
    with Daemon(up, extra="prefix 2001:db8:65::/96\n"
                "balance round-robin") as own:
        seen = [records(own.ask("turn.example."), "AAAA")[0]
                for _ in range(6)]
        equal([seen[0], seen[1]] * 3, seen)
        equal(seen[0] != seen[1], True)
        for client in (b"12345678", b"abcdefgh", b"ABCDEFGH") * 2:
            reply = own.ask("turn.example.", "A", use_edns=0, options=[
                dns.edns.GenericOption(10, client)])
            equal(option(reply, 10).to_wire()[:8], client)


# Shows: DNS64-76
@case("who may not ask gets none, nor who asks too much")
def _(_d, up):
    up.add("gate.example. 300 A 192.0.2.9")
    with Daemon(up, extra="deny from 127.0.0.5\nlimit rate 3\n"
                "limit rate-slip 1") as own:
        for _ in range(3):
            own.ask("gate.example.")
        equal(own.ask("gate.example.", source="127.0.0.5").rcode(),
              dns.rcode.REFUSED)
        reply = own.ask("gate.example.")
        equal(bool(reply.flags & dns.flags.TC), True, "TC beyond the rate")
        equal(records(own.ask("gate.example.", tcp=True), "AAAA"),
              [f"{PREFIX}c000:209"])


# Shows: DNS64-81
@case("a popular name is fetched anew before it expires")
def _(_d, up):
    with FakeUpstream() as one, Daemon(one) as own:
        one.add("hot.example. 4 A 192.0.2.10")

        def fetched_anew():
            for _ in range(50):
                equal(records(own.ask("hot.example.", "A"), "A"),
                      ["192.0.2.10"])
                time.sleep(0.02)
            return own.stats()["prefetches"] > 0
        # A pause of this process at the end of the time to live makes it one
        # that has expired; then the next time to live shows it.
        until(fetched_anew, "fetched before it expires", 60)
        hits = own.stats()["answer-hits"]
        equal(hits > 50, True, str(hits))


# Shows: DNS64-78
@case("an answer that has expired is not given again as if it were fresh")
def _(_d, up):
    with FakeUpstream() as one, Daemon(one, extra="prefetch no") as own:
        one.add("old.example. 2 A 192.0.2.11")
        for _ in range(3):
            own.ask("old.example.", "A")
        one.script("old.example.", "A", does.with_rcode(dns.rcode.SERVFAIL))
        time.sleep(2.1)
        reply = own.ask("old.example.", "A", use_edns=0)
        equal((reply.answer[0].ttl, [o.otype for o in reply.options]),
              (30, [15]), "stale")


# Shows: DNS64-76
@case("SIGHUP forgets them")
def _(_d, up):
    up.add("hup.example. 300 A 192.0.2.12")
    with Daemon(up) as own:
        for _ in range(3):
            own.ask("hup.example.", "A")
        up.script("hup.example.", "A", does.records_in(
            answer=["hup.example. 300 A 192.0.2.13"]))
        own.signal(signal.SIGHUP, "reload: done")
        equal(records(own.ask("hup.example.", "A"), "A"), ["192.0.2.13"])
        equal("answers entries 0" in own.stats_text(), True)


if __name__ == "__main__":
    sys.exit(main(FakeUpstream))
