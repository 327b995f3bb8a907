#!/usr/bin/python3
"""dns64d towards its clients: EDNS options, cookies, extended errors, rates,
local names and filters, on loopback against a scripted upstream.

    client (this script) --- dns64d on 127.0.0.1 --- FakeUpstream

Needs no root and no network. Prints TAP.
"""

import pathlib
import socket
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "dns"))
sys.dont_write_bytecode = True

from lab import (PREFIX, Daemon, case, check_conf, ede_codes, equal,  # noqa: E402
                 framed, is_silent, main, option, read_framed, records,
                 until)

import dns.edns  # noqa: E402
import dns.flags  # noqa: E402
import dns.message  # noqa: E402
import dns.rcode  # noqa: E402
import dns.reversename  # noqa: E402
import dns.rrset  # noqa: E402

import behaviours as does  # noqa: E402
from fake_upstream import FakeUpstream, silence, with_rcode  # noqa: E402

COOKIE, KEEPALIVE, EDE, ECS = 10, 11, 15, 8
CLIENT_COOKIE = b"abcdefgh"


def generic(code, data):
    """An EDNS option."""
    return dns.edns.GenericOption(code, data)


def options(message, code):
    """The data of all options with a code."""
    return [o.to_wire() if hasattr(o, "to_wire") else o.data
            for o in message.options if o.otype == code]


def ask_cookie(daemon, cookie, name="v4.example.", **how):
    """Ask with a cookie; the reply and the cookie in it."""
    reply = daemon.ask(name, use_edns=0,
                       options=[generic(COOKIE, cookie)], **how)
    found = options(reply, COOKIE)
    return reply, found[0] if found else b""


# Shows: DNS64-73
@case("a client's cookie is answered with a server cookie that is known again")
def _(d, up):
    up.add("v4.example. 300 A 192.0.2.33")
    reply, cookie = ask_cookie(d, CLIENT_COOKIE)
    equal(reply.rcode(), dns.rcode.NOERROR, "rcode")
    equal((len(cookie), cookie[:8], cookie[8:12]),
          (24, CLIENT_COOKIE, b"\x01\0\0\0"), "cookie")
    equal(ask_cookie(d, cookie)[1], cookie, "the same again")
    forged = cookie[:-1] + bytes([cookie[-1] ^ 1])
    reply, fresh = ask_cookie(d, forged)
    equal(reply.rcode(), dns.rcode.NOERROR, "rcode without pressure")
    equal(fresh != forged, True, "a fresh one")
    equal(options(d.ask("v4.example.", use_edns=0), COOKIE), [],
          "cookies unasked")
    equal(ask_cookie(d, b"short")[0].rcode(), dns.rcode.FORMERR,
          "malformed")


# Shows: DNS64-73
@case("servers that share a secret know each other's cookies")
def _(d, up):
    secret = 'cookie-secret "%s"\n'
    old, new = secret % ("0f" * 16), secret % ("a1" * 16)
    with Daemon(up, extra=old) as one, Daemon(up, extra=new + old) as two, \
            Daemon(up, extra="cookies no") as none:
        cookie = ask_cookie(one, CLIENT_COOKIE)[1]
        query = dns.message.make_query(
            "v4.example.", "A", use_edns=0,
            options=[generic(COOKIE, cookie)]).to_wire()
        query = query[:4] + b"\0\0" + query[6:12] + query[28:]
        for daemon, rcode in ((one, 0), (two, 0), (d, 23)):
            reply = dns.message.from_wire(daemon.ask_wire(query))
            equal(reply.rcode(), rcode, "rcode without a question")
        equal(ask_cookie(two, cookie)[1] != cookie, True, "moved on")
        equal(ask_cookie(none, CLIENT_COOKIE)[1], b"", "switched off")


# Shows: DNS64-39 DNS64-73
@case("a message without a question is FORMERR, but with a cookie NOERROR")
def _(d, up):
    query = dns.message.make_query("v4.example.", "A", use_edns=0, options=[
        generic(COOKIE, CLIENT_COOKIE)])
    wire = query.to_wire()
    bare = wire[:4] + b"\0\0" + wire[6:12] + wire[28:]
    reply = dns.message.from_wire(d.ask_wire(bare))
    equal((reply.rcode(), len(reply.question)), (dns.rcode.NOERROR, 0))
    equal(len(options(reply, COOKIE)[0]), 24, "cookie")
    bare = wire[:4] + b"\0\0" + wire[6:10] + b"\0\0"
    reply = dns.message.from_wire(d.ask_wire(bare))
    equal(reply.rcode(), dns.rcode.FORMERR)


# Shows: DNS64-95 DNS64-73
@case("beyond its rate a client is dropped or sent to TCP, or for a cookie")
def _(d, up):
    with Daemon(up, extra="limit rate 5\nlimit rate-slip 2") as own:
        wire = dns.message.make_query("v4.example.", "A").to_wire()
        with own.udp() as sock:
            for _ in range(12):
                sock.send(wire)
            replies = []
            while len(replies) < 8:
                replies.append(dns.message.from_wire(sock.recv(65535)))
            cut = [r for r in replies if r.flags & dns.flags.TC]
            equal((len(replies) - len(cut), len(cut)), (5, 3), "answers")
            equal(is_silent(sock), True, "dropped")
        equal(own.ask("v4.example.", tcp=True).rcode(), dns.rcode.NOERROR,
              "TCP")
        for _ in range(8):
            reply, cookie = ask_cookie(own, CLIENT_COOKIE)
            if reply.rcode() != dns.rcode.NOERROR:
                break
        equal(reply.rcode(), dns.rcode.BADCOOKIE, "without a cookie")
        equal(len(reply.answer), 0, "answer")
        for _ in range(10):
            equal(ask_cookie(own, cookie)[0].rcode(), dns.rcode.NOERROR,
                  "with the cookie")
        stats = own.stats()
        equal((stats["rate-dropped"] >= 4, stats["rate-truncated"] >= 3,
               stats["badcookie"]), (True, True, 1))


# Shows: DNS64-95
@case("ANY over UDP is answered with one RRset, over TCP with all")
def _(d, up):
    def anything(ask):
        ask.answer("any.example. 300 A 192.0.2.1",
                   "any.example. 300 A 192.0.2.2",
                   "any.example. 300 MX 10 mail.example.",
                   'any.example. 300 TXT "text"')
    up.script("any.example.", "ANY", anything)
    equal([r.rdtype for r in d.ask("any.example.", "ANY").answer], [1], "udp")
    equal(len(d.ask("any.example.", "ANY", tcp=True).answer), 3, "tcp")


# Shows: DNS64-64
@case("a TCP client that asks for keepalive learns the idle time")
def _(d, up):
    ask = {"use_edns": 0, "options": [generic(KEEPALIVE, b"")]}
    for tcp, found in ((True, [struct.pack("!H", 100)]), (False, [])):
        equal(options(d.ask("v4.example.", tcp=tcp, **ask), KEEPALIVE),
              found, f"tcp {tcp}")
    equal(options(d.ask("v4.example.", tcp=True, use_edns=0), KEEPALIVE), [],
          "unasked")


# Shows: DNS64-64
@case("half-close after pipelined queries still brings every answer")
def _(d, up):
    queries = [dns.message.make_query(f"p{i}.example.", "A", use_edns=0)
               for i in range(20)]
    with d.tcp() as sock, sock.makefile("rb") as stream:
        sock.sendall(b"".join(framed(q.to_wire()) for q in queries))
        sock.shutdown(socket.SHUT_WR)
        ids = {read_framed(stream).id for _ in queries}
        equal(ids, {q.id for q in queries}, "ids")
        equal(read_framed(stream), None, "end")


# Shows: DNS64-60
@case("a client subnet is stripped, or goes on both lookups and returns a scope")
def _(d, up):
    def scoped(ask):
        reply = ask.from_zone()
        if ask.message.options:
            ecs = ask.message.options[0]
            reply.use_edns(0, options=[dns.edns.ECSOption(
                ecs.address, ecs.srclen, 16)])
        ask.send(reply)
    subnet = dns.edns.ECSOption("198.51.100.0", 24)
    with FakeUpstream() as own_up:
        own_up.add("ecs.example. 300 A 192.0.2.34")
        own_up.everything = scoped
        for word, count in (("strip", 0), ("forward", 1)):
            with Daemon(own_up, extra=f"client-subnet {word}") as own:
                own_up.seen.clear()
                reply = own.ask("ecs.example.", use_edns=0,
                                options=[subnet])
                seen = own_up.asked("ecs.example.")
                equal([len(s.message.options) for s in seen],
                      [count] * 2, f"{word}: options upstream")
                found = option(reply, ECS)
                equal(found and (found.srclen, found.scopelen),
                      (24, 16) if count else None, f"{word}: reply")


# Shows: DNS64-85
@case("extended errors: refused, not supported, no answer, synthesised")
def _(d, up):
    with Daemon(up, extra="deny from 127.0.0.2\ntell-synthesised yes") as own:
        reply = own.ask("v4.example.", use_edns=0, source="127.0.0.2")
        equal((reply.rcode(), ede_codes(reply)), (dns.rcode.REFUSED, [18]))
        reply = own.ask("v4.example.", use_edns=0)
        equal(ede_codes(reply), [29], "synthesised")
        wire = bytearray(dns.message.make_query(
            "v4.example.", "A", use_edns=0).to_wire())
        wire[2] = 0x10
        reply = dns.message.from_wire(own.ask_wire(bytes(wire)))
        equal(ede_codes(reply), [21], "opcode")
    equal(ede_codes(d.ask("v4.example.", use_edns=0)), [],
          "synthesised, not asked for")
    with FakeUpstream() as mute, Daemon(mute) as own:
        mute.everything = silence
        reply = own.ask("mute.example.", "A", use_edns=0)
        equal((reply.rcode(), 22 in ede_codes(reply)),
              (dns.rcode.SERVFAIL, True), "no answer")


# Shows: DNS64-85 DNS64-44
@case("extended errors of the upstream are passed on with their text")
def _(d, up):
    def bogus(ask):
        reply = ask.reply(rcode=dns.rcode.SERVFAIL)
        reply.use_edns(0, options=[generic(EDE, b"\0\x06no signature"),
                                   generic(18, b"\0")])
        ask.send(reply)
    up.script("bogus.example.", "AAAA", bogus)
    up.script("bogus.example.", "A", bogus)
    reply = d.ask("bogus.example.", use_edns=0)
    equal(reply.rcode(), dns.rcode.SERVFAIL)
    equal(options(reply, EDE), [b"\0\x06no signature"], "EDE")
    equal(options(reply, 18), [], "report channel")
    equal(d.ask("bogus.example.").edns, -1, "without EDNS")


# Shows: DNS64-37
@case("max-synth bounds the AAAA of an answer and rotates over the A")
def _(d, up):
    up.add(*(f"lots.example. 300 A 192.0.2.{i}" for i in range(1, 41)))
    with Daemon(up, extra="max-synth 8") as own:
        seen = set()
        for _ in range(40):
            reply = own.ask("lots.example.")
            equal(bool(reply.flags & dns.flags.TC), False, "TC")
            found = records(reply, "AAAA")
            equal(len(found), 8, "AAAA")
            seen.update(found)
        equal(len(seen) > 24, True, f"{len(seen)} of 40 were shown")
        equal(len(records(own.ask("ipv4only.arpa."), "AAAA")), 2, "ipv4only")


# Shows: DNS64-05
@case("nxdomain synth makes AAAA of A where AAAA says NXDOMAIN, and counts it")
def _(d, up):
    up.add("half.example. 300 A 192.0.2.35")
    up.script("half.example.", "AAAA", with_rcode(dns.rcode.NXDOMAIN))
    with Daemon(up, extra="nxdomain synth") as own:
        equal(records(own.ask("half.example."), "AAAA"),
              [f"{PREFIX}c000:223"])
        equal(own.ask("none.example.").rcode(), dns.rcode.NXDOMAIN)
        equal(own.stats()["nxdomain-synth"], 1, "counted")
    equal(d.ask("half.example.").rcode(), dns.rcode.NXDOMAIN, "default")


# Shows: DNS64-43
@case("checking-disabled synth synthesises for CD=1 without DO")
def _(d, up):
    how = {"flags": dns.flags.RD | dns.flags.CD}
    equal(records(d.ask("v4.example.", **how), "AAAA"), [], "default")
    with Daemon(up, extra="checking-disabled synth") as own:
        equal(records(own.ask("v4.example.", **how), "AAAA"),
              [f"{PREFIX}c000:221"])
        equal(records(own.ask("v4.example.", want_dnssec=True, **how),
                      "AAAA"), [], "with DO")


# Shows: DNS64-46
@case("signed leave passes a signed denial on to a client with DO")
def _(d, up):
    def signed(ask):
        reply = ask.reply(soa=True)
        reply.authority.append(dns.rrset.from_text(
            "example.", 300, "IN", "RRSIG",
            "SOA 13 1 300 20300101000000 20200101000000 1 example. AAAA"))
        ask.send(reply)
    up.add("signed.example. 300 A 192.0.2.36")
    up.script("signed.example.", "AAAA", signed)
    with Daemon(up, extra="signed leave") as own:
        reply = own.ask("signed.example.", want_dnssec=True)
        equal((len(reply.answer), len(records(reply, "RRSIG", "authority"))),
              (0, 1), "left alone")
        equal(records(own.ask("signed.example."), "AAAA"),
              [f"{PREFIX}c000:224"], "without DO")
    equal(records(d.ask("signed.example.", want_dnssec=True), "AAAA"),
          [f"{PREFIX}c000:224"], "default")


# Shows: DNS64-24
@case("a suffix stands in synthesised addresses and is ignored in PTR")
def _(d, up):
    up.add("33.2.0.192.in-addr.arpa. 300 PTR v4.example.")
    with Daemon(up, prefix="2001:db8:122::/48",
                extra="suffix 2001:db8:122::/48 ::42") as own:
        equal(records(own.ask("v4.example."), "AAAA"),
              ["2001:db8:122:c000:2:2100:0:42"])
        for addr in ("2001:db8:122:c000:2:2100:0:42",
                     "2001:db8:122:c000:2:2100::"):
            name = dns.reversename.from_address(addr)
            equal(records(own.ask(name, "PTR"), "PTR"), ["v4.example."])


# Shows: DNS64-90
@case("filter a makes NODATA of A answers and leaves AAAA alone")
def _(d, up):
    with Daemon(up, extra="filter a") as own:
        reply = own.ask("v4.example.", "A", use_edns=0)
        equal((reply.rcode(), len(reply.answer), ede_codes(reply)),
              (dns.rcode.NOERROR, 0, [17]))
        equal(records(own.ask("v4.example."), "AAAA"),
              [f"{PREFIX}c000:221"])
        equal(len(records(own.ask("ipv4only.arpa.", "A"), "A")), 2,
              "ipv4only.arpa")


# Shows: DNS64-83 DNS64-84
@case("ipv4hint is passed on, and taken out by filter ipv4hint")
def _(d, up):
    up.add("svc.example. 300 HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1 "
           "ipv6hint=2001:db8::1")
    equal(records(d.ask("svc.example.", "HTTPS"), "HTTPS"),
          ['1 . alpn="h2" ipv4hint="192.0.2.1" ipv6hint="2001:db8::1"'])
    with Daemon(up, extra="filter ipv4hint") as own:
        reply = own.ask("svc.example.", "HTTPS")
        equal(records(reply, "HTTPS"),
              ['1 . alpn="h2" ipv6hint="2001:db8::1"'])
        equal(bool(reply.flags & dns.flags.AD), False, "AD")


# Shows: DNS64-91
@case("hosts are answered here, with AAAA made of their A, after a reload too")
def _(d, up):
    with tempfile.NamedTemporaryFile("w", suffix=".hosts") as hosts:
        hosts.write("192.0.2.80 printer printer.lan\n2001:db8::80 six.lan\n")
        hosts.flush()
        pathlib.Path(hosts.name).chmod(0o644)
        with Daemon(up, extra=f'hosts "{hosts.name}"\n'
                    "host static.lan 192.0.2.81") as own:
            equal(records(own.ask("printer.lan."), "AAAA"),
                  [f"{PREFIX}c000:250"])
            equal(records(own.ask("static.lan.", "A"), "A"), ["192.0.2.81"])
            equal(records(own.ask("six.lan."), "AAAA"), ["2001:db8::80"])
            for name in ("80.2.0.192.in-addr.arpa.",
                         dns.reversename.from_address(f"{PREFIX}c000:250")):
                equal(records(own.ask(name, "PTR"), "PTR"), ["printer."])
            equal(up.asked("printer.lan."), [], "queries upstream")
            hosts.write("192.0.2.90 added.lan\n")
            hosts.flush()
            own.signal(1, "reload: done")
            equal(records(own.ask("added.lan."), "AAAA"),
                  [f"{PREFIX}c000:25a"])


LOCAL_DATA = r"""
local-data "www.lan 1h CNAME router.lan"
local-data "router.lan 300 IN A 192.0.2.81"
local-data "router.lan 300 IN A 192.0.2.82"
local-data "router.lan TXT \"two words\" \"\\065\""
local-data "_sip._tcp.lan SRV 1 2 5060 router.lan"
local-data "81.2.0.192.in-addr.arpa PTR router.lan"
"""


def dig(d, *words):
    """The answer section as dig shows it, sorted, with single blanks."""
    done = subprocess.run(
        ["dig", f"@{d.addr}", "-p", str(d.port), "+tries=1", "+noall",
         "+answer", "+comments", *words],
        capture_output=True, text=True, timeout=10, check=True)
    equal("status: NOERROR" in done.stdout, True, done.stdout)
    return sorted(" ".join(line.split()) for line in done.stdout.splitlines()
                  if line and not line.startswith(";"))


# Shows: DNS64-91
@case("dig gets local-data as it was written, AAAA made of A, a reload too")
def _(d, up):
    addrs = ["router.lan. 300 IN AAAA 2001:db8:64::c000:251",
             "router.lan. 300 IN AAAA 2001:db8:64::c000:252"]
    text = 'router.lan. 3600 IN TXT "two words" "A"'
    ptr = dns.reversename.from_address(f"{PREFIX}c000:251").to_text()
    with Daemon(up, extra=LOCAL_DATA) as own:
        for words, answer in (
                (("router.lan", "TXT"), [text]),
                (("router.lan", "AAAA"), addrs),
                (("router.lan", "MX"), []),
                (("WWW.lan", "AAAA"),
                 ["WWW.lan. 3600 IN CNAME router.lan."] + addrs),
                (("_sip._tcp.lan", "SRV"),
                 ["_sip._tcp.lan. 3600 IN SRV 1 2 5060 router.lan."]),
                ((ptr, "PTR"), [f"{ptr} 3600 IN PTR router.lan."]),
                (("+tcp", "router.lan", "ANY"),
                 ["router.lan. 300 IN A 192.0.2.81",
                  "router.lan. 300 IN A 192.0.2.82"] + addrs + [text])):
            equal(dig(own, *words), answer, " ".join(words))
        for name in ("router.lan.", "www.lan.", "_sip._tcp.lan."):
            equal(up.asked(name), [], "queries upstream")
        own.write('local-data "router.lan TXT new"\n'
                  'local-data "alias.lan CNAME nowhere.lan"')
        own.signal(1, "the old configuration stays")
        told(own, "leads to no local name")
        equal(dig(own, "router.lan", "TXT"), [text], "after a bad reload")
        own.write('local-data "router.lan TXT new"')
        own.signal(1, "reload: done")
        equal(dig(own, "router.lan", "TXT"),
              ['router.lan. 3600 IN TXT "new"'], "after a reload")


def told(d, text):
    """The daemon has logged this."""
    equal(text in d.log(), True, f"{text!r} in the log:\n{d.log()}")


def write_hosts(path, content):
    """A hosts file that the daemon may read."""
    path.write_bytes(content)
    path.chmod(0o644)


# Shows: DNS64-91
@case("odd lines of a hosts file are skipped, told and counted")
def _(d, up):
    odd = b"".join(b"192.0.2.%d b@d%d\n" % (i, i) for i in range(1, 21))
    with tempfile.TemporaryDirectory() as tmp:
        hosts = pathlib.Path(tmp) / "hosts"
        hosts.parent.chmod(0o755)
        write_hosts(hosts, b"\xef\xbb\xbf192.0.2.80 printer\r\n" + odd)
        with Daemon(up, extra=f'hosts "{hosts}"') as own:
            equal(records(own.ask("printer."), "AAAA"),
                  [f"{PREFIX}c000:250"])
            for line in range(2, 7):
                told(own, f'{hosts}:{line}: "b@d{line - 1}" is no host name')
            told(own, f"{hosts}: 20 lines skipped")
            equal(f"{hosts}:7:" in own.log(), False, own.log())
            write_hosts(hosts, b"nonsense\n192.0.2.81 a\0b scanner\n"
                        b"\0\0\0\xff\xfe" + b"x" * 100000)
            own.signal(1, "reload: done")
            told(own, f"{hosts}: 3 lines skipped")
            equal(records(own.ask("scanner."), "AAAA"),
                  [f"{PREFIX}c000:251"])
            hosts.unlink()
            own.signal(1, "the old configuration stays")
            told(own, "hosts\": No such file or directory")
            equal(records(own.ask("scanner."), "AAAA"),
                  [f"{PREFIX}c000:251"])


# Shows: DNS64-91 DNS64-94
@case("a hosts file of 200,000 names is read, one beyond its limit in part")
def _(d, up):
    names = b"".join(b"0.0.0.0 ads%d.example\n" % i for i in range(200000))
    with tempfile.TemporaryDirectory() as tmp:
        hosts = pathlib.Path(tmp) / "hosts"
        hosts.parent.chmod(0o755)
        write_hosts(hosts, b"192.0.2.80 printer\n" + names)
        with Daemon(up, extra=f'hosts "{hosts}"') as own:
            equal(records(own.ask("ads199999.example.", "A"), "A"),
                  ["0.0.0.0"])
            reply = own.ask("ads199999.example.", "AAAA")
            equal((reply.rcode(), reply.answer), (0, []))
            equal(up.asked("ads199999.example."), [], "queries upstream")
        with Daemon(up, extra=f'limit hosts 9999\nhosts "{hosts}"') as own:
            equal(records(own.ask("printer.", "A"), "A"), ["192.0.2.80"])
            equal(records(own.ask("ads0.example.", "A"), "A"), ["0.0.0.0"])
            told(own, '"limit hosts 9999" is reached')


# Shows: DNS64-91
@case("special-use names never leave the house when told so")
def _(d, up):
    with Daemon(up, extra="special-zones yes") as own:
        for name in ("x.invalid.", "x.onion.", "x.local.", "x.test.",
                     "x.home.arpa.", "x.6tisch.arpa.", "x.eap.arpa.",
                     "x.eap-noob.arpa.", "1.1.1.10.in-addr.arpa.",
                     "1.d.f.ip6.arpa."):
            reply = own.ask(name, "PTR")
            equal(reply.rcode(), dns.rcode.NXDOMAIN, name)
            equal(len(records(reply, "SOA", "authority")), 1, name)
            equal(up.asked(name), [], name)
        equal(records(own.ask("localhost.", "AAAA"), "AAAA"), ["::1"])
    equal(d.ask("x.onion.").rcode(), dns.rcode.NXDOMAIN)
    equal(up.asked("x.onion."), [], "onion by default")
    d.ask("x.test.", "A")
    until(lambda: up.asked("x.test."), "test goes upstream by default")


# Shows: DNS64-91
@case("an upstream for a domain wins over the zone that is answered here")
def _(d, up):
    extra = "special-zones yes\n" + "".join(
        f"upstream {up.addr} port {up.port} for {domain}\n"
        for domain in ('"home.arpa"', '"168.192.in-addr.arpa"', '"local"',
                       '"onion"'))
    names = ("x.home.arpa.", "1.1.168.192.in-addr.arpa.", "x.local.",
             "x.onion.")
    with Daemon(up, extra=extra) as own:
        for name in names:
            up.script(name, "PTR", does.records_in(
                answer=[f"{name} 60 PTR host.example."]))
            equal(records(own.ask(name, "PTR"), "PTR"), ["host.example."])
        equal(own.ask("x.test.", "PTR").rcode(), dns.rcode.NXDOMAIN)


# Shows: DNS64-91
@case("nobody else names himself the designated resolver")
def _(d, up):
    name = "_dns.resolver.arpa."
    equal(d.ask(name, "SVCB").rcode(), dns.rcode.NXDOMAIN)
    equal(up.asked(name), [], "queries upstream")


# Shows: DNS64-91
@case("a host has its other types from the upstream")
def _(d, up):
    up.script("box.example.", "MX", does.records_in(
        answer=["box.example. 60 MX 10 mx.example."]))
    with Daemon(up, extra="host box.example 192.0.2.80") as own:
        equal(records(own.ask("box.example."), "AAAA"), [f"{PREFIX}c000:250"])
        equal(records(own.ask("box.example.", "MX"), "MX"), ["10 mx.example."])


# Shows: DNS64-24 DNS64-73 DNS64-91
@case("wrong values of these statements are errors with file and line")
def _(d, up):
    base = "listen on 127.0.0.1 port 5399\nupstream 192.0.2.1\n"
    for text, message in (
            ('cookie-secret "12"', "32 hexadecimal digits"),
            ("limit rate-prefix4 33", "is not between 1 and 32"),
            ("suffix 2001:db8::/96 ::1", "no prefix of this view"),
            ("prefix 2001:db8::/96\nsuffix 2001:db8::/96 ::1",
             "without room"),
            ("host b..c 192.0.2.1", "no valid host name"),
            ("host b 192.0.2", "no valid address"),
            ('local-data "b A 192.0.2"', "is no record"),
            ("hosts /nonexistent", "cannot read")):
        status, said = check_conf(base + text + "\n")
        equal(status, 1, text)
        equal(said.startswith("conf:") and message in said, True, said)


if __name__ == "__main__":
    sys.exit(main(FakeUpstream))
