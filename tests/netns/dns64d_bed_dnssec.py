#!/usr/bin/python3
"""Test bed, part 2: DO, CD, AD and signatures (RFC 6147, 5.5).

    client (this script) --- dns64d on 127.0.0.1 --- FakeUpstream

dns64d does not validate: it trusts its upstreams and must keep their results.
The signatures here are not real ones; those are in e2e_resolvers.py.
Needs no root and no network. Prints TAP.
"""

import itertools
import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import PREFIX, case, ede_codes, equal, main, records, types

import dns.flags
import dns.message
import dns.rcode

import behaviours as does
from fake_upstream import FakeUpstream

AD, CD = dns.flags.AD, dns.flags.CD
SOA = "example. 300 SOA ns.example. root.example. 1 3600 600 86400 120"


def ask(d, name, rdtype="AAAA", do=False, cd=False, ad=False):
    """Ask with these bits."""
    query = dns.message.make_query(name, rdtype, use_edns=0,
                                   want_dnssec=do)
    query.flags |= (CD if cd else 0) | (AD if ad else 0)
    return d.ask(query)


def signed(up, name, host, alias=None):
    """A name with a signed A, a signed denial of AAAA, both with AD."""
    owner = name if alias is None else alias
    chain = [] if alias is None else [
        f"{name} 300 CNAME {alias}", does.rrsig(name, "CNAME")]
    up.script(name, "AAAA", does.records_in(
        answer=chain, flags=AD, authority=[
            SOA, does.rrsig("example.", "SOA"),
            f"{owner} 300 NSEC z.example. A RRSIG NSEC",
            does.rrsig(owner, "NSEC")]))
    up.script(name, "A", does.records_in(
        answer=[*chain, f"{owner} 300 A 192.0.2.{host}",
                does.rrsig(owner, "A")], flags=AD))


# Shows: DNS64-40 DNS64-41 DNS64-44 DNS64-46
@case("signed data without AAAA are synthesised for DO=1 as for DO=0, AD=0")
def _(d, up):
    for do, ad in itertools.product((False, True), repeat=2):
        name = f"sig{do:d}{ad:d}.example."
        signed(up, name, 1)
        reply = ask(d, name, do=do, ad=ad)
        equal(records(reply, "AAAA"), [f"{PREFIX}c000:201"],
              f"DO={do:d} AD={ad:d}")
        equal(reply.flags & (AD | CD), 0, f"flags, DO={do:d} AD={ad:d}")


# Shows: DNS64-35 DNS64-47
@case("nothing that signed or denied the original stands in the answer")
def _(d, up):
    for do in (False, True):
        name = f"clean{do:d}.example."
        signed(up, name, 2)
        reply = ask(d, name, do=do)
        equal((types(reply), types(reply, "authority")), (["AAAA"], []),
              f"DO={do:d}")


# Shows: DNS64-35
@case("authority and additional records are those of the A answer")
def _(d, up):
    up.script("sections.example.", "AAAA", does.records_in(
        authority=[SOA], additional=["six.example. 300 AAAA 2001:db8:1::9"]))
    up.script("sections.example.", "A", does.records_in(
        answer=["sections.example. 300 A 192.0.2.3"],
        authority=["example. 300 NS ns.example."],
        additional=["ns.example. 300 A 192.0.2.53"]))
    reply = ask(d, "sections.example.")
    equal((types(reply), types(reply, "authority"),
           types(reply, "additional")), (["AAAA"], ["NS"], ["A"]))


# Shows: DNS64-47
@case("signatures of the chain are kept for DO=1 only")
def _(d, up):
    for do, expected in ((True, ["CNAME", "RRSIG", "AAAA"]),
                         (False, ["CNAME", "AAAA"])):
        name = f"chain{do:d}.example."
        signed(up, name, 4, alias=f"end{do:d}.example.")
        equal(types(ask(d, name, do=do)), expected, f"DO={do:d}")


# Shows: DNS64-42
@case("CD=1 with DO=1 gets the upstream's data and signatures, no A is asked")
def _(d, up):
    signed(up, "raw.example.", 5)
    reply = ask(d, "raw.example.", do=True, cd=True)
    equal((types(reply), types(reply, "authority")),
          ([], ["SOA", "RRSIG", "NSEC", "RRSIG"]))
    equal(bool(reply.flags & CD), True, "CD")
    equal(up.asked("raw.example.", "A"), [], "A questions")
    reply = ask(d, "raw.example.", "A", do=True, cd=True)
    equal(types(reply), ["A", "RRSIG"])


# Shows: DNS64-43
@case("CD=1 with DO=0 gets no synthesis by default")
def _(d, up):
    signed(up, "checking.example.", 6)
    equal(types(ask(d, "checking.example.", cd=True)), [])
    equal(up.asked("checking.example.", "A"), [], "A questions")
    equal(bool(up.asked("checking.example.")[0].message.flags & CD), True,
          "CD upstream")


# Shows: DNS64-45
@case("the A lookup carries the client's DO, and CD=0")
def _(d, up):
    for do in (False, True):
        name = f"leg{do:d}.example."
        signed(up, name, 7)
        ask(d, name, do=do)
        for seen in up.asked(name):
            equal(bool(seen.message.ednsflags & dns.flags.DO), do, "DO")
            equal(seen.message.flags & CD, 0, "CD")


# Shows: DNS64-41 DNS64-44 DNS64-85
@case("bogus data in either lookup is SERVFAIL, its reason is told")
def _(d, up):
    signed(up, "bogus6.example.", 8)
    up.script("bogus6.example.", "AAAA", does.bogus)
    signed(up, "bogus4.example.", 8)
    up.script("bogus4.example.", "A", does.bogus)
    for name in ("bogus6.example.", "bogus4.example."):
        for do in (False, True):
            reply = ask(d, name, do=do)
            equal((reply.rcode(), types(reply)), (dns.rcode.SERVFAIL, []),
                  f"{name} DO={do:d}")
            equal(does.DNSSEC_BOGUS in ede_codes(reply), True,
                  f"extended error, {name} DO={do:d}")


# Shows: DNS64-44
@case("every extended error of DNSSEC holds against a good A")
def _(d, up):
    for code in (1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 27):
        name = f"ede{code}.example."
        up.add(f"{name} 300 A 192.0.2.9")
        up.script(name, "AAAA", does.with_ede(code))
        equal(ask(d, name).rcode(), dns.rcode.SERVFAIL, f"code {code}")


# Shows: DNS64-40 DNS64-44
@case("an answer that is only passed on keeps AD of the upstream")
def _(d, up):
    up.script("ad.example.", "AAAA", does.records_in(
        answer=["ad.example. 300 AAAA 2001:db8:1::10",
                does.rrsig("ad.example.", "AAAA")], flags=AD))
    reply = ask(d, "ad.example.", do=True)
    equal((bool(reply.flags & AD), types(reply)), (True, ["AAAA", "RRSIG"]))


if __name__ == "__main__":
    sys.exit(main(FakeUpstream, workers=8))
