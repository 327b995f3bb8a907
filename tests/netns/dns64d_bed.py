#!/usr/bin/python3
"""Test bed, part 1: the answer for each combination of upstream answers.

    client (this script) --- dns64d on 127.0.0.1 --- FakeUpstream

The other parts are dns64d_bed_*.py. Cases run side by side, so each has
names of its own. Needs no root and no network. Prints TAP.
"""

import ipaddress
import pathlib
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import (PREFIX, Daemon, case, equal, main, records, types)
from pace import since

import dns.flags
import dns.message
import dns.rcode
import dns.reversename
import dns.rrset

import behaviours as does
from fake_upstream import FakeUpstream

WKP = "64:ff9b::"


def p64(addr4, prefix=PREFIX):
    """An address below a /96, as text."""
    return str(ipaddress.IPv6Address(
        int(ipaddress.IPv6Address(prefix)) +
        int(ipaddress.IPv4Address(addr4))))


def ptr_of(addr6):
    """The reverse name of an address."""
    return dns.reversename.from_address(addr6).to_text()


# --- the AAAA lookup --------------------------------------------------------

# Shows: DNS64-01
@case("AAAA in another class than IN is forwarded untouched")
def _(d, up):
    def in_class(ask):
        question = ask.message.question[0]
        reply = ask.reply()
        reply.answer = [dns.rrset.from_text(
            question.name, 300, question.rdclass, "AAAA", r"\# 3 010203")]
        ask.send(reply)
    up.add("class.example. 300 A 192.0.2.1")
    up.script("class.example.", "AAAA", in_class)
    for rdclass in ("CH", "HS"):
        reply = d.ask("class.example.", rdclass=rdclass)
        equal(records(reply, "AAAA"), [r"\# 3 010203"], rdclass)
    equal(d.ask("class.example.", rdclass="ANY").rcode(), 0, "ANY")
    equal(up.asked("class.example.", "A"), [], "A questions")


# Shows: DNS64-02
@case("an AAAA at the end of a chain is returned as it is, no A beside it")
def _(d, up):
    does.cname_chain(up, "real", 3, "300 AAAA 2001:db8:1::2",
                     "300 A 192.0.2.2")
    reply = d.ask("real0.example.")
    equal(types(reply), ["CNAME", "CNAME", "CNAME", "AAAA"])
    equal(records(reply, "AAAA"), ["2001:db8:1::2"])


# Shows: DNS64-03
@case("force synthesises although there is an AAAA")
def _(d, up):
    up.add("force.example. 300 AAAA 2001:db8:1::3",
           "force.example. 300 A 192.0.2.3",
           "force6.example. 300 AAAA 2001:db8:1::4")
    with Daemon(up, extra="force yes") as own:
        equal(records(own.ask("force.example."), "AAAA"), [p64("192.0.2.3")])
        equal(records(own.ask("force6.example."), "AAAA"),
              ["2001:db8:1::4"], "without A")
    equal(records(d.ask("force.example."), "AAAA"), ["2001:db8:1::3"],
          "by default")


# Shows: DNS64-04
@case("NXDOMAIN behind an alias is returned with the alias and one SOA")
def _(d, up):
    up.add("lost.example. 300 CNAME nowhere.example.")
    up.script("nowhere.example.", "A", does.records_in(
        answer=["nowhere.example. 300 A 192.0.2.4"]))
    reply = d.ask("lost.example.")
    equal(reply.rcode(), dns.rcode.NXDOMAIN)
    equal((types(reply), types(reply, "authority")), (["CNAME"], ["SOA"]))


# Shows: DNS64-06
@case("every error on AAAA but NXDOMAIN makes way for the A answer")
def _(d, up):
    for rcode in (1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 15):
        name = f"error{rcode}.example."
        up.add(f"{name} 300 A 192.0.2.5")
        up.script(name, "AAAA", does.with_rcode(rcode))
        reply = d.ask(name)
        equal((reply.rcode(), records(reply, "AAAA")),
              (0, [p64("192.0.2.5")]), f"after rcode {rcode}")


# Shows: DNS64-06 DNS64-44
@case("an error on AAAA that DNSSEC did not cause makes way as well")
def _(d, up):
    up.add("why.example. 300 A 192.0.2.6")
    up.script("why.example.", "AAAA", does.with_ede(does.NETWORK_ERROR))
    equal(records(d.ask("why.example."), "AAAA"), [p64("192.0.2.6")])


# Shows: DNS64-07
@case("twenty black-holed AAAA are synthesised within a second, side by side")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(own_up) as own:
        for i in range(20):
            name = f"hole{i}.example."
            own_up.add(f"{name} 300 A 192.0.2.7")
            own_up.script(name, "AAAA", does.silence)
        own_up.add("quick.example. 300 A 192.0.2.8")
        begin = time.monotonic()
        with own.udp() as sock:
            for i in range(20):
                sock.send(dns.message.make_query(
                    f"hole{i}.example.", "AAAA").to_wire())
            own.ask("quick.example.")
            quick = since(begin)
            for _ in range(20):
                reply = dns.message.from_wire(sock.recv(65535))
                equal(records(reply, "AAAA"), [p64("192.0.2.7")])
        took = since(begin)
        equal((took < 1, quick < 0.3), (True, True),
              f"{took:.2f} s, others {quick:.2f} s")


# Shows: DNS64-07 DNS64-18
@case("an AAAA that comes late but in time wins over an A that came first")
def _(d, up):
    up.add("late.example. 300 AAAA 2001:db8:1::8",
           "late.example. 300 A 192.0.2.8")
    up.script("late.example.", "AAAA", does.after(0.4))
    equal(records(d.ask("late.example."), "AAAA"), ["2001:db8:1::8"])


# Shows: DNS64-07
@case("an AAAA that comes after its deadline does no harm")
def _(d, up):
    up.add("toolate.example. 300 AAAA 2001:db8:1::9",
           "toolate.example. 300 A 192.0.2.9")
    up.script("toolate.example.", "AAAA", does.after(1.0))
    begin = time.monotonic()
    equal(records(d.ask("toolate.example."), "AAAA"), [p64("192.0.2.9")])
    equal(since(begin) < 1, True, "in time")
    equal(records(d.ask("other.toolate.example.", "A"), "A"), [], "alive")


# Shows: DNS64-07
@case("a black-holed AAAA and an A behind a truncated answer fit the time")
def _(d, up):
    up.add(*(f"holetc.example. 300 A 198.51.100.{i}" for i in range(90)))
    up.script("holetc.example.", "AAAA", does.silence)
    up.script("holetc.example.", "A", does.truncated)
    begin = time.monotonic()
    equal(len(records(d.ask("holetc.example.", tcp=True), "AAAA")), 90)
    equal(since(begin) < 1.1, True, "in time")


# Shows: DNS64-08
@case("excluded AAAA are treated as none, and never shown")
def _(d, up):
    up.add("mapped.example. 300 AAAA ::ffff:192.0.2.10",
           "mapped.example. 300 A 192.0.2.10",
           "only.example. 300 AAAA ::ffff:192.0.2.10",
           "fails.example. 300 AAAA ::ffff:192.0.2.10")
    up.script("fails.example.", "A", does.with_rcode(dns.rcode.SERVFAIL))
    equal(records(d.ask("mapped.example."), "AAAA"), [p64("192.0.2.10")])
    reply = d.ask("only.example.")
    equal((reply.rcode(), types(reply)), (0, []), "NODATA")
    reply = d.ask("fails.example.")
    equal((reply.rcode(), types(reply)), (dns.rcode.SERVFAIL, []))


# Shows: DNS64-09
@case("excluded AAAA are taken out of a set, and what signed the set as well")
def _(d, up):
    up.script("mixed.example.", "AAAA", does.records_in(
        answer=["mixed.example. 300 AAAA ::ffff:192.0.2.11",
                "mixed.example. 300 AAAA 2001:db8:1::11",
                does.rrsig("mixed.example.", "AAAA")], flags=dns.flags.AD))
    up.add("mixed.example. 300 A 192.0.2.11")
    reply = d.ask("mixed.example.", want_dnssec=True)
    equal(types(reply), ["AAAA"])
    equal(records(reply, "AAAA"), ["2001:db8:1::11"])
    equal(reply.flags & dns.flags.AD, 0, "AD")


# Shows: DNS64-10
@case("ranges are added to the excluded ones, or the list is emptied")
def _(d, up):
    up.add("old.example. 300 AAAA ::ffff:192.0.2.12",
           "bad.example. 300 AAAA 2001:db8:bad::12",
           "good.example. 300 AAAA 2001:db8:bae::12",
           *(f"{name}.example. 300 A 192.0.2.12"
             for name in ("old", "bad", "good")))
    synthetic, one = [p64("192.0.2.12")], "exclude aaaa 2001:db8:bad::/48\n"
    for extra, old, bad in (
            (one, synthetic, synthetic),
            ("exclude aaaa none", ["::ffff:192.0.2.12"],
             ["2001:db8:bad::12"]),
            ("exclude aaaa none\n" + one, ["::ffff:192.0.2.12"], synthetic),
            ("exclude aaaa ::ffff:0:0/96", synthetic,
             ["2001:db8:bad::12"])):
        with Daemon(up, extra=extra) as own:
            for name, expected in (("old", old), ("bad", bad),
                                   ("good", ["2001:db8:bae::12"])):
                equal(records(own.ask(f"{name}.example."), "AAAA"), expected,
                      f"{name} with {extra}")


# --- chains --------------------------------------------------------------

# Shows: DNS64-11
@case("a chain of sixteen aliases is followed to its end")
def _(d, up):
    does.cname_chain(up, "long", 16, "300 A 192.0.2.13")
    reply = d.ask("long0.example.", tcp=True)
    equal(types(reply), ["CNAME"] * 16 + ["AAAA"])
    equal([r.name.to_text() for r in reply.answer],
          [f"long{i}.example." for i in range(17)])


# Shows: DNS64-11
@case("a chain in any order in the upstream's answer is put in order")
def _(d, up):
    aliases = [f"mix{i}.example. 300 CNAME mix{i + 1}.example."
               for i in range(3)]
    up.script("mix0.example.", "AAAA", does.records_in(answer=aliases))
    up.script("mix0.example.", "A", does.records_in(
        answer=["mix3.example. 300 A 192.0.2.14", *reversed(aliases)]))
    reply = d.ask("mix0.example.")
    equal([r.name.to_text() for r in reply.answer],
          [f"mix{i}.example." for i in range(4)])
    equal(records(reply, "AAAA"), [p64("192.0.2.14")])


# Shows: DNS64-11
@case("an alias without its target's data leads to the A of the first name")
def _(d, up):
    up.script("target.example.", "AAAA", does.records_in(
        answer=["target.example. 300 CNAME data.example."]))
    up.add("target.example. 300 CNAME data.example.",
           "data.example. 300 A 192.0.2.15")
    reply = d.ask("target.example.")
    equal(types(reply), ["CNAME", "AAAA"])
    equal(reply.answer[-1].name.to_text(), "data.example.")
    equal(len(up.asked("target.example.", "A")), 1, "A questions")
    equal(up.asked("data.example."), [], "questions for the target")


# Shows: DNS64-11
@case("a chain that loops is no data, and no work without end")
def _(d, up):
    up.add("ring.example. 300 CNAME gnir.example.",
           "gnir.example. 300 CNAME ring.example.",
           "self.example. 300 CNAME self.example.")
    for name in ("ring.example.", "self.example."):
        reply = d.ask(name)
        equal((reply.rcode() in (0, 2), records(reply, "AAAA")), (True, []))


# Shows: DNS64-11
@case("DNAME with the CNAME made from it is kept before the AAAA")
def _(d, up):
    chain = ["dn.example. 300 DNAME target.test.",
             "w.dn.example. 0 CNAME w.target.test."]
    up.script("w.dn.example.", "AAAA", does.records_in(
        answer=chain, authority=[
            "target.test. 300 SOA ns. root. 1 3600 600 86400 60"]))
    up.script("w.dn.example.", "A", does.records_in(
        answer=[*chain, "w.target.test. 300 A 192.0.2.16"]))
    reply = d.ask("w.dn.example.")
    equal(types(reply), ["DNAME", "CNAME", "AAAA"])
    equal((reply.answer[-1].name.to_text(), reply.answer[-1].ttl),
          ("w.target.test.", 60))


# Shows: DNS64-11 DNS64-12
@case("a chain whose end has neither AAAA nor A is NODATA with its chain")
def _(d, up):
    does.cname_chain(up, "bare", 2, '300 TXT "x"')
    reply = d.ask("bare0.example.")
    equal((reply.rcode(), types(reply), types(reply, "authority")),
          (0, ["CNAME", "CNAME"], ["SOA"]))


# Shows: DNS64-11
@case("records of names beside the chain are not used")
def _(d, up):
    up.add('aside.example. 300 TXT "x"')
    up.script("aside.example.", "A", does.records_in(
        answer=["elsewhere.example. 300 A 203.0.113.1",
                "aside.example. 300 A 192.0.2.17"]))
    equal(records(d.ask("aside.example."), "AAAA"), [p64("192.0.2.17")])


# Shows: DNS64-11
@case("records that no chain leads to are nobody's answer")
def _(d, up):
    up.add('way.example. 300 TXT "x"')
    up.script("way.example.", "A", does.records_in(
        answer=["goal.example. 300 A 192.0.2.17"]))
    equal(types(d.ask("way.example.")), [])
    up.script("other.example.", "AAAA", does.records_in(
        answer=["goal.example. 300 AAAA 2001:db8::1"]))
    up.add("other.example. 300 A 192.0.2.18")
    equal(records(d.ask("other.example."), "AAAA"), [p64("192.0.2.18")])


# --- the A lookup -----------------------------------------------------------

# Shows: DNS64-12
@case("without AAAA the outcome of A is the answer's")
def _(d, up):
    for name, script, rcode, authority in (
            ("anx", does.records_in(
                rcode=3, authority=["example. 9 SOA . . 1 2 3 4 5"]), 3,
             ["SOA"]),
            ("aservfail", does.with_rcode(2), 2, []),
            ("arefused", does.with_rcode(5), 5, [])):
        name = f"{name}.example."
        up.add(f'{name} 300 TXT "x"')
        up.script(name, "A", script)
        reply = d.ask(name)
        equal((reply.rcode(), types(reply), types(reply, "authority")),
              (rcode, [], authority), name)


# Shows: DNS64-12
@case("both lookups failing is SERVFAIL at once")
def _(d, up):
    for rdtype in ("AAAA", "A"):
        up.script("both.example.", rdtype, does.with_rcode(2))
    begin = time.monotonic()
    equal(d.ask("both.example.").rcode(), dns.rcode.SERVFAIL)
    equal(since(begin) < 1, True, "at once")


# Shows: DNS64-13
@case("there is an AAAA of class IN for each A and each prefix")
def _(d, up):
    up.add(*(f"multi.example. 300 A 192.0.2.{i}" for i in (18, 19, 20)))
    with Daemon(up, extra="prefix 2001:db8:65::/96") as own:
        reply = own.ask("multi.example.")
    equal(records(reply, "AAAA"), sorted(
        p64(f"192.0.2.{i}", p) for i in (18, 19, 20)
        for p in (PREFIX, "2001:db8:65::")))
    equal([(r.name.to_text(), r.rdclass) for r in reply.answer],
          [("multi.example.", 1)])


# Shows: DNS64-14 DNS64-15
@case("the TTL is the lowest of A and denial, 600 without SOA, 0 if absurd")
def _(d, up):
    for n, (a_ttl, soa, expected) in enumerate((
            (3600, "300 120", 120), (30, "300 120", 30), (3600, None, 600),
            (3600, "50 500", 50), (3600, "500 50", 50),
            (2**31 - 1, "2147483647 2147483647", 2**31 - 1),
            (0, "300 120", 0), (3600, "300 0", 0))):
        name = f"ttl{n}.example."
        up.add(f"{name} {a_ttl} A 192.0.2.21")
        authority = [] if soa is None else [
            f"example. {soa.split()[0]} SOA . . 1 2 3 4 {soa.split()[1]}"]
        up.script(name, "AAAA", does.records_in(authority=authority))
        found = d.ask(name).answer[0].ttl
        # The cache may have a maximum of its own; a second may pass.
        equal(expected - 2 <= found <= expected or
              (expected > 10**6 and 3600 <= found < expected), True,
              f"{found}, A {a_ttl}, SOA {soa}")


# Shows: DNS64-14
@case("a TTL with its top bit set counts as zero")
def _(d, up):
    up.add('top.example. 300 TXT "x"')
    up.script("top.example.", "A", does.raw_records(
        1, lambda ask: b"\xc0\x0c\x00\x01\x00\x01\xff\xff\xff\xff\x00\x04"
        b"\xc0\x00\x02\x16"))
    reply = d.ask("top.example.")
    equal((records(reply, "AAAA"), reply.answer[0].ttl),
          ([p64("192.0.2.22")], 0))


# Shows: DNS64-16 DNS64-17
@case("each A goes to the prefix of the longest range that holds it")
def _(d, up):
    up.add("range.example. 300 A 192.0.2.23",
           "range.example. 300 A 10.0.0.23",
           "range.example. 300 A 10.1.0.23",
           "range.example. 300 A 10.1.2.23",
           "none.range.example. 300 A 10.1.2.24")
    with Daemon(up, extra="prefix 2001:db8:a::/96 for 10.0.0.0/8\n"
                "prefix 2001:db8:b::/96 for 10.1.0.0/16\n"
                "prefix none for 10.1.2.0/24") as own:
        equal(records(own.ask("range.example."), "AAAA"), sorted((
            p64("192.0.2.23"), p64("10.0.0.23", "2001:db8:a::"),
            p64("10.1.0.23", "2001:db8:b::"))))
        reply = own.ask("none.range.example.")
        equal((reply.rcode(), types(reply)), (0, []), "none")


# Shows: DNS64-20
@case("without a prefix 64:ff9b::/96 is used, and with one it is not")
def _(d, up):
    up.add("wkp.example. 300 A 192.0.0.170")
    with Daemon(up, prefix=None) as own:
        equal(records(own.ask("wkp.example."), "AAAA"),
              [p64("192.0.0.170", WKP)])
    equal(records(d.ask("wkp.example."), "AAAA"), [p64("192.0.0.170")])


# Shows: DNS64-13 DNS64-22 DNS64-29
@case("prefixes of all six lengths carry 192.0.2.33 there and back")
def _(d, up):
    vectors = {"2001:db8::/32": "2001:db8:c000:221::",
               "2001:db8:100::/40": "2001:db8:1c0:2:21::",
               "2001:db8:122::/48": "2001:db8:122:c000:2:2100::",
               "2001:db8:123:300::/56": "2001:db8:123:3c0:0:221::",
               "2001:db8:124:344::/64": "2001:db8:124:344:c0:2:2100:0",
               "2001:db8:125:344::/96": "2001:db8:125:344::c000:221"}
    up.add("six.example. 300 A 192.0.2.33",
           "33.2.0.192.in-addr.arpa. 300 PTR six.example.")
    for prefix, addr in vectors.items():
        with Daemon(up, prefix=prefix) as own:
            equal(records(own.ask("six.example."), "AAAA"), [addr], prefix)
            reply = own.ask(ptr_of(addr), "PTR")
            equal(records(reply, "CNAME"), ["33.2.0.192.in-addr.arpa."])
            equal(records(reply, "PTR"), ["six.example."], prefix)


# Shows: DNS64-25 DNS64-26
@case("64:ff9b::/96 carries no private address, unless allowed to")
def _(d, up):
    up.add("priv.example. 300 A 10.0.0.25",
           "privmix.example. 300 A 100.64.0.25",
           "privmix.example. 300 A 192.0.0.171",
           "privmix.example. 300 A 8.8.8.25")
    with Daemon(up, prefix=None) as own:
        reply = own.ask("priv.example.")
        equal((reply.rcode(), types(reply)), (0, []), "NODATA")
        equal(records(own.ask("privmix.example."), "AAAA"),
              [p64("8.8.8.25", WKP), p64("192.0.0.171", WKP)])
    with Daemon(up, prefix=None, extra="wkp-non-global allow") as own:
        equal(records(own.ask("priv.example."), "AAAA"),
              [p64("10.0.0.25", WKP)])


# Shows: DNS64-26
@case("192.0.0.170 and .171 are exempt from the exclusion of A")
def _(d, up):
    up.add("seventy.example. 300 A 192.0.0.170",
           "seventy.example. 300 A 192.0.0.172")
    with Daemon(up, extra="exclude a 192.0.0.0/24") as own:
        equal(records(own.ask("seventy.example."), "AAAA"),
              [p64("192.0.0.170")])


# Shows: DNS64-27
@case("64:ff9b:1::/48 and prefixes of one's own carry private addresses")
def _(d, up):
    up.add("own.example. 300 A 10.0.0.27")
    for prefix in ("64:ff9b:1::", "64:ff9b:1:fffe::", PREFIX):
        with Daemon(up, prefix=f"{prefix}/96") as own:
            equal(records(own.ask("own.example."), "AAAA"),
                  [p64("10.0.0.27", prefix)])


# Shows: DNS64-28
@case("addresses that mean nothing elsewhere are not synthesised by default")
def _(d, up):
    useless = ("0.0.0.28", "127.0.0.28", "169.254.0.28", "224.0.0.28",
               "255.255.255.255")
    up.add(*(f"useless.example. 300 A {a}" for a in useless),
           "useless.example. 300 A 192.0.2.28")
    equal(records(d.ask("useless.example."), "AAAA"), [p64("192.0.2.28")])
    with Daemon(up, extra="exclude a none") as own:
        equal(records(own.ask("useless.example."), "AAAA"), sorted(
            p64(a) for a in (*useless, "192.0.2.28")))


# --- reverse names -------------------------------------------------------

# Shows: DNS64-30
@case("a reverse name without a PTR in IPv4 has no CNAME either")
def _(d, up):
    up.add('41.2.0.192.in-addr.arpa. 300 TXT "x"')
    for host, rcode in ((40, dns.rcode.NXDOMAIN), (41, 0)):
        reply = d.ask(ptr_of(p64(f"192.0.2.{host}")), "PTR")
        equal((reply.rcode(), types(reply), types(reply, "authority")),
              (rcode, [], ["SOA"]), f"host {host}")


# Shows: DNS64-30
@case("the CNAME of a reverse name has a TTL between 1 and the cap")
def _(d, up):
    for host, ttl, expected in ((42, 0, 1), (43, 50, 50), (44, 86400, 600)):
        up.add(f"{host}.2.0.192.in-addr.arpa. {ttl} PTR h.example.")
        reply = d.ask(ptr_of(p64(f"192.0.2.{host}")), "PTR")
        equal(types(reply), ["CNAME", "PTR"])
        equal(reply.answer[0].ttl, expected, f"PTR has {ttl}")


# Shows: DNS64-30
@case("a delegated reverse name keeps its chain in order")
def _(d, up):
    up.add("45.2.0.192.in-addr.arpa. 300 CNAME 45.0-63.2.0.192.in-addr.arpa.",
           "45.0-63.2.0.192.in-addr.arpa. 300 PTR classless.example.")
    name = ptr_of(p64("192.0.2.45"))
    reply = d.ask(name, "PTR")
    equal([r.name.to_text() for r in reply.answer],
          [name, "45.2.0.192.in-addr.arpa.", "45.0-63.2.0.192.in-addr.arpa."])


# Shows: DNS64-29
@case("a local PTR is answered without an upstream, and not as a CNAME")
def _(d, up):
    with FakeUpstream() as own_up, \
            Daemon(own_up, extra="ptr local nat64.example.") as own:
        reply = own.ask(ptr_of(p64("192.0.2.46")), "PTR")
        equal((types(reply), records(reply, "PTR")),
              (["PTR"], ["nat64.example."]))
        equal(own_up.seen, [], "questions upstream")


# Shows: DNS64-23 DNS64-31
@case("reverse names that are not quite ours are forwarded unchanged")
def _(d, up):
    nibbles = ptr_of(p64("192.0.2.47")).split(".")
    for labels in (nibbles[1:], ["0", *nibbles], ["g", *nibbles[1:]],
                   ["00", *nibbles[1:]]):
        name = ".".join(labels)
        equal(types(d.ask(name, "PTR")), [], name)
        equal(len(up.asked(name, "PTR")), 1, name)
    name = ptr_of("2001:db8:c000:221:100::")
    with Daemon(up, prefix="2001:db8::/32") as own:
        equal(types(own.ask(name, "PTR")), [], "octet 8 not zero")
    equal(len(up.asked(name, "PTR")), 1, name)


# Shows: DNS64-31
@case("a reverse name is known in any case of its letters")
def _(d, up):
    up.add("48.2.0.192.in-addr.arpa. 300 PTR case.example.")
    name = ptr_of(p64("192.0.2.48"))
    reply = d.ask(name.replace("ip6.arpa", "IP6.aRPA").replace(".c.", ".C."),
                  "PTR")
    equal(records(reply, "PTR"), ["case.example."])


# Shows: DNS64-32
@case("other types at a reverse name of ours are forwarded as they are")
def _(d, up):
    name = ptr_of(p64("192.0.2.49"))
    up.add(f'{name} 300 TXT "mine"')
    equal(records(d.ask(name, "TXT"), "TXT"), ['"mine"'])
    reply = d.ask(name, "MX")
    equal((reply.rcode(), types(reply)), (0, []))
    equal({s.type for s in up.asked(name)}, {15, 16}, "types asked")


# --- ipv4only.arpa -------------------------------------------------------

# Shows: DNS64-48 DNS64-52
@case("ipv4only.arpa has both addresses in every prefix, whatever is excluded")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(
            own_up, extra="prefix 2001:db8:65::/96\nforce yes\n"
            "exclude aaaa 2001:db8::/32\nexclude a 192.0.0.0/24\n"
            "ttl ipv4only 777") as own:
        reply = own.ask("ipv4only.arpa.")
        equal(records(reply, "AAAA"), sorted(
            p64(f"192.0.0.{i}", p) for i in (170, 171)
            for p in (PREFIX, "2001:db8:65::")))
        equal((reply.answer[0].ttl, bool(reply.flags & dns.flags.AA)),
              (777, True))
        reply = own.ask("IPv4only.ARPA.", "MX")
        equal((reply.rcode(), types(reply), types(reply, "authority")),
              (0, [], ["SOA"]), "NODATA")
        for rdtype in ("A", "AAAA", "DS", "PTR"):
            equal(own.ask("a.ipv4only.arpa.", rdtype).rcode(),
                  dns.rcode.NXDOMAIN, rdtype)
        equal(own_up.seen, [], "questions upstream")


# Shows: DNS64-49
@case("DS of ipv4only.arpa is asked upstream")
def _(d, up):
    d.ask("ipv4only.arpa.", "DS")
    equal(len(up.asked("ipv4only.arpa.", "DS")), 1)


# Shows: DNS64-50
@case("the reverse names of ipv4only.arpa are answered at once")
def _(d, up):
    for host in (170, 171):
        name = ptr_of(p64(f"192.0.0.{host}"))
        equal(records(d.ask(name, "PTR"), "PTR"), ["ipv4only.arpa."])
    equal(up.asked("170.0.0.192.in-addr.arpa."), [])


# Shows: DNS64-51
@case("170.0.0.192.in-addr.arpa is a name like others")
def _(d, up):
    up.add("171.0.0.192.in-addr.arpa. 300 PTR fake.example.")
    equal(records(d.ask("171.0.0.192.in-addr.arpa.", "PTR"), "PTR"),
          ["fake.example."])


# --- the cache -----------------------------------------------------------

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
        equal([len(own_up.asked("kept.example.", t))
               for t in ("AAAA", "A", "TXT")], [1, 1, 1], "upstream")


# Shows: DNS64-77
@case("a denial without SOA is not kept")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(own_up) as own:
        own_up.script("nosoa.example.", "MX", does.records_in())
        for n in (1, 2):
            own.ask("nosoa.example.", "MX")
            equal(len(own_up.asked("nosoa.example.")), n)


# Shows: DNS64-82
@case("a name that is asked for rarely is not refreshed")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(
            own_up, extra="prefetch yes") as own:
        own_up.add("rare.example. 2 A 192.0.2.13")
        own.ask("rare.example.", "A")
        time.sleep(1.9)
        own.ask("rare.example.", "A")
        time.sleep(0.05)
        equal(len(own_up.asked("rare.example.")), 1, "upstream")


if __name__ == "__main__":
    sys.exit(main(FakeUpstream, workers=8))
