#!/usr/bin/python3
"""The bed, sixth part: views, the choice of prefixes, and what policies do.

    clients (this script, 127.0.0.x) --- dns64d --- FakeUpstream
                                           \\------ translators (HTTP)

Needs no root and no network. Prints TAP.
"""

import collections
import contextlib
import http.server
import ipaddress
import pathlib
import signal
import sys
import threading

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import (PREFIX, TIMEOUT, Daemon, case, check_conf, ede_codes, equal,
                 free_port, main, records, types, until)

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.reversename

import behaviours as does
from fake_upstream import FakeUpstream

SYNTHESISED, FILTERED = 29, 17  # RFC 8914
PREFIXES = tuple(f"2001:db8:64:{i}::" for i in (1, 2, 3))
MORE = "".join(f"prefix {p}/96\n" for p in PREFIXES[1:])


def views(**bodies):
    """Views, each with its statements."""
    return "".join("view %s {\n%s\n}\n" % (name, body)
                   for name, body in bodies.items())


def prefixes_of(reply):
    """The /96 that each AAAA of a reply lies in."""
    return [str(ipaddress.IPv6Network((a, 96), strict=False)[0])
            for a in records(reply, "AAAA")]


class Translator:
    """A stand-in for the metrics address of a nat64d."""

    def __init__(self):
        self.sessions, self.limit, self.up = 0, 1000, 1
        self.asked, self.status = 0, 200
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """One request."""

            def do_GET(self):
                """Any path."""
                outer.asked += 1
                with contextlib.suppress(OSError):  # gone meanwhile
                    self.answer()

            def answer(self):
                """The current state."""
                body = (f"# a comment\nnat64d_sessions {outer.sessions}\n"
                        f"nat64d_sessions_max {outer.limit}\n"
                        f"nat64d_up {outer.up}\nother 1\n").encode()
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Be quiet."""
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.02,),
                         daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()


# --- views ---------------------------------------------------------------

# Shows: DNS64-54 DNS64-55
@case("views by client prefix have settings of their own")
def _(d, up):
    up.add("view.example. 300 A 192.0.2.1",
           "view6.example. 300 AAAA 2001:db8:1::1",
           "view6.example. 300 A 192.0.2.1")
    extra = views(
        off=" match from 127.0.2.0/24\n dns64 no",
        other=" match from 127.0.3.0/24\n match from 127.0.4.1\n"
              " prefix 2001:db8:65::/96",
        forced=" match from 127.0.5.0/24\n force yes",
        excluding=" match from 127.0.6.0/24\n exclude a 192.0.2.0/24\n"
                  " exclude aaaa 2001:db8:1::/48")
    with Daemon(up, extra=extra) as own:
        for source, found, found6 in (
                ("127.0.0.1", [f"{PREFIX}c000:201"], ["2001:db8:1::1"]),
                ("127.0.2.9", [], ["2001:db8:1::1"]),
                ("127.0.3.9", ["2001:db8:65::c000:201"],
                 ["2001:db8:1::1"]),
                ("127.0.4.1", ["2001:db8:65::c000:201"],
                 ["2001:db8:1::1"]),
                ("127.0.4.2", [f"{PREFIX}c000:201"], ["2001:db8:1::1"]),
                ("127.0.5.1", [f"{PREFIX}c000:201"],
                 [f"{PREFIX}c000:201"]),
                ("127.0.6.1", [], [])):
            equal(records(own.ask("view.example.", source=source), "AAAA"),
                  found, source)
            equal(records(own.ask("view6.example.", source=source), "AAAA"),
                  found6, source)


# Shows: DNS64-55
@case("views by listener, and by client and listener")
def _(d, up):
    up.add("port.example. 300 A 192.0.2.2")
    port = free_port()
    extra = f"listen on 127.0.0.1 port {port}\n" + views(
        both=f" match from 127.0.0.7 on 127.0.0.1 port {port}\n"
             " prefix 2001:db8:66::/96",
        listener=f" match on 127.0.0.1 port {port}\n dns64 no")
    with Daemon(up, extra=extra) as own:
        first = own.port
        for asked, source, found in (
                (first, "127.0.0.1", [f"{PREFIX}c000:202"]),
                (first, "127.0.0.7", [f"{PREFIX}c000:202"]),
                (port, "127.0.0.1", []),
                (port, "127.0.0.7", ["2001:db8:66::c000:202"])):
            own.port = asked
            for tcp in (False, True):
                equal(records(own.ask("port.example.", tcp=tcp,
                                      source=source), "AAAA"), found,
                      f"{source} at {asked}")


# Shows: DNS64-55
@case("clients that ask over IPv4 can be left without synthesis")
def _(d, up):
    up.add("dual.example. 300 A 192.0.2.3")
    port = free_port("::1")
    with Daemon(up, extra=f"listen on ::1 port {port}\n"
                "dns64 ipv6-clients") as own:
        equal(types(own.ask("dual.example.")), [], "over IPv4")
        reply = dns.query.udp(dns.message.make_query(
            "dual.example.", "AAAA"), "::1", TIMEOUT, port)
        equal(records(reply, "AAAA"), [f"{PREFIX}c000:203"], "over IPv6")


# Shows: DNS64-48 DNS64-52 DNS64-54
@case("ipv4only.arpa tells each view its own prefixes")
def _(d, up):
    with Daemon(up, extra=views(
            other=" match from 127.0.0.2\n prefix 2001:db8:65::/96\n"
            " max-synth 1")) as own:
        for source, prefix in (("127.0.0.1", PREFIX),
                               ("127.0.0.2", "2001:db8:65::")):
            equal(records(own.ask("ipv4only.arpa.", source=source), "AAAA"),
                  [f"{prefix}c000:aa", f"{prefix}c000:ab"], source)


# Shows: DNS64-53
@case("a prefix that clients cannot discover is warned of")
def _(d, up):
    head = "listen on 127.0.0.1\nupstream 127.0.0.2\n"
    status, messages = check_conf(
        head + "prefix 2001:db8:64::/96\n"
        "prefix 2001:db8:65::/96 for 10.0.0.0/8\n")
    equal((status, messages), (0, messages))
    with Daemon(up, extra="prefix 2001:db8:65::/96 for 10.0.0.0/8") as own:
        equal("2001:db8:65::" in own.log(), True, own.log() + messages)


# Shows: DNS64-93
@case("a prefix for reverse names only is not used for AAAA")
def _(d, up):
    up.add("rev.example. 300 A 198.18.0.4",
           "4.0.18.198.in-addr.arpa. 300 PTR rev.example.")
    with Daemon(up, extra="prefix 2001:db8:99::/96 reverse-only") as own:
        equal(records(own.ask("rev.example."), "AAAA"),
              [f"{PREFIX}c612:4"])
        equal(len(records(own.ask("ipv4only.arpa."), "AAAA")), 2)
        for prefix in (PREFIX, "2001:db8:99::"):
            name = dns.reversename.from_address(f"{prefix}c612:4")
            equal(records(own.ask(name, "PTR"), "PTR"), ["rev.example."],
                  prefix)


# --- which prefix --------------------------------------------------------

# Shows: DNS64-13 DNS64-16
@case("each way to balance uses the prefixes as it says")
def _(d, up):
    up.add("bal.example. 300 A 192.0.2.5", "bal.example. 300 A 192.0.2.6")
    for balance in ("all", "round-robin", "random", "client-hash"):
        with Daemon(up, prefix=f"{PREFIXES[0]}/96",
                    extra=MORE + f"balance {balance}") as own:
            found = [prefixes_of(own.ask("bal.example.",
                                         source=f"127.0.7.{1 + i % 40}"))
                     for i in range(120)]
        if balance == "all":
            equal({tuple(sorted(set(f))) for f in found}, {PREFIXES})
            continue
        equal({len(set(f)) for f in found}, {1}, f"{balance}: per answer")
        counts = collections.Counter(f[0] for f in found)
        equal(set(counts), set(PREFIXES), balance)
        if balance == "round-robin":
            equal(set(counts.values()), {40}, balance)
        if balance == "client-hash":
            equal(found[:40], found[40:80], balance)
            equal(found[:40], found[80:], balance)


# Shows: DNS64-16
@case("with client-hash only the clients of a prefix that goes are moved")
def _(d, up):
    up.add("hash.example. 300 A 192.0.2.7")
    sources = [f"127.0.8.{i}" for i in range(1, 91)]
    found = []
    for extra in (MORE, f"prefix {PREFIXES[1]}/96\n"):
        with Daemon(up, prefix=f"{PREFIXES[0]}/96",
                    extra=extra + "balance client-hash") as own:
            found.append([prefixes_of(own.ask("hash.example.", source=s))[0]
                          for s in sources])
    moved = {a for a, b in zip(*found) if a != b}
    equal(moved, {PREFIXES[2]}, "whose clients moved")
    equal(10 < found[0].count(PREFIXES[2]) < 50, True, "about a third")


# Shows: DNS64-16 DNS64-92
@case("a translator that is loaded, draining or gone gets fewer clients")
def _(d, up):
    up.add("load.example. 300 A 192.0.2.8")
    with Translator() as one, Translator() as two:
        extra = (f"prefix {PREFIXES[0]}/96 translator \"{one.url}\" every 1\n"
                 f"prefix {PREFIXES[1]}/96 translator \"{two.url}\" every 1\n"
                 "balance least-loaded\n")
        one.sessions, two.sessions = 900, 100
        with Daemon(up, prefix=None, extra=extra) as own:

            def served(prefix):
                def all_there():
                    return {prefixes_of(own.ask("load.example."))[0]
                            for _ in range(8)} == {prefix}
                return all_there
            until(served(PREFIXES[1]), "the one loaded less")
            one.sessions, two.sessions = 100, 900
            until(served(PREFIXES[0]), "the other one")
            one.up = 0
            until(served(PREFIXES[1]), "the one that does not drain")
            one.up, two.status = 1, 500
            until(served(PREFIXES[0]), "the one that answers")
            one.status = 500
            until(lambda: own.ask("load.example.").answer, "any of two")
            one.status = two.status = 200
            until(served(PREFIXES[0]), "recovery", 12)
            equal("translator" in own.log(), True, own.log())


# Shows: DNS64-92
@case("all prefixes are used but those whose translator is gone")
def _(d, up):
    up.add("dead.example. 300 A 192.0.2.9")
    with Translator() as one, Translator() as two:
        extra = (f"prefix {PREFIXES[0]}/96 translator \"{one.url}\" every 1\n"
                 f"prefix {PREFIXES[1]}/96 translator \"{two.url}\" every 1\n"
                 f"prefix {PREFIXES[2]}/96\nbalance all\n")
        with Daemon(up, prefix=None, extra=extra) as own:
            def used():
                return sorted(prefixes_of(own.ask("dead.example.")))
            equal(used(), sorted(PREFIXES))
            two.status = 503
            until(lambda: used() == sorted((PREFIXES[0], PREFIXES[2])),
                  "two left")
            two.status = 200
            until(lambda: used() == sorted(PREFIXES), "all again", 12)


# --- policies ------------------------------------------------------------

# Shows: DNS64-05
@case("NXDOMAIN on AAAA can be doubted, and what comes of it is counted")
def _(d, up):
    up.add("broken.example. 300 A 192.0.2.10")
    up.script("broken.example.", "AAAA", does.with_rcode(3))
    equal(d.ask("broken.example.").rcode(), dns.rcode.NXDOMAIN, "default")
    with Daemon(up, extra="nxdomain synth") as own:
        equal(records(own.ask("broken.example."), "AAAA"),
              [f"{PREFIX}c000:20a"])
        equal(own.ask("gone.example.").rcode(), dns.rcode.NXDOMAIN)
        equal(sum(n for key, n in own.stats().items() if "nxdomain" in key),
              1, "counted")


# Shows: DNS64-24
@case("a suffix fills the bits behind the IPv4 address, reverse ignores it")
def _(d, up):
    up.add("suffix.example. 300 A 198.18.0.11",
           "11.0.18.198.in-addr.arpa. 300 PTR suffix.example.")
    with Daemon(up, prefix="2001:db8::/32",
                extra="suffix 2001:db8::/32 ::12:3456") as own:
        addr = records(own.ask("suffix.example."), "AAAA")
        equal(addr, ["2001:db8:c612:b::12:3456"])
        for text in (addr[0], "2001:db8:c612:b::"):
            equal(records(own.ask(dns.reversename.from_address(text), "PTR"),
                          "PTR"), ["suffix.example."], text)
    for prefix, suffix in (("2001:db8::/96", "::1"),
                           ("2001:db8::/32", "::1:0:0:0:0"),
                           ("2001:db8::/32", "0:0:0:1::")):
        status, messages = check_conf(
            "listen on 127.0.0.1\nupstream 127.0.0.2\n"
            f"prefix {prefix}\nsuffix {prefix} {suffix}\n")
        equal((status, "conf:4:" in messages), (1, True), messages)


# Shows: DNS64-37
@case("max-synth bounds the AAAA of an answer, all A get their turn")
def _(d, up):
    up.add(*(f"lots.example. 300 A 192.0.2.{i}" for i in range(30)))
    with Daemon(up, extra="max-synth 4") as own:
        seen = set()
        for _ in range(200):
            found = records(own.ask("lots.example."), "AAAA")
            equal(len(found), 4, "AAAA")
            seen.update(found)
            if len(seen) == 30:
                break
        equal(len(seen), 30, "A that had their turn")
        equal(len(records(own.ask("ipv4only.arpa."), "AAAA")), 2)


# Shows: DNS64-46
@case("signed data are left alone for DO=1 where that is wanted")
def _(d, up):
    up.script("sign.example.", "AAAA", does.records_in(
        authority=["example. 300 SOA . . 1 2 3 4 5",
                   does.rrsig("example.", "SOA"),
                   "sign.example. 300 NSEC z.example. A RRSIG NSEC",
                   does.rrsig("sign.example.", "NSEC")]))
    up.script("sign.example.", "A", does.records_in(
        answer=["sign.example. 300 A 192.0.2.12",
                does.rrsig("sign.example.", "A")]))
    up.add("unsigned.example. 300 A 192.0.2.12")
    with Daemon(up, extra="signed leave") as own:
        reply = own.ask("sign.example.", want_dnssec=True)
        equal((types(reply), "NSEC" in types(reply, "authority")),
              ([], True), "DO=1")
        equal(len(records(own.ask("sign.example."), "AAAA")), 1, "DO=0")
        equal(len(records(own.ask("unsigned.example.", want_dnssec=True),
                          "AAAA")), 1, "unsigned")


# Shows: DNS64-90
@case("filter a turns A answers into NODATA, AAAA stay")
def _(d, up):
    up.add("fa.example. 300 A 192.0.2.13", "fa6.example. 300 A 192.0.2.13",
           "fa6.example. 300 AAAA 2001:db8:1::13",
           "fac.example. 300 CNAME fa.example.")
    with Daemon(up, extra=views(
            six=" match from 127.0.0.2\n filter a")) as own:
        for name in ("fa.example.", "fa6.example.", "fac.example."):
            reply = own.ask(name, "A", source="127.0.0.2", use_edns=0)
            equal((reply.rcode(), records(reply, "A")), (0, []), name)
            equal(FILTERED in ede_codes(reply), True, "extended error")
            equal(len(records(own.ask(name, "A"), "A")), 1, "other view")
        equal(records(own.ask("fa.example.", source="127.0.0.2"), "AAAA"),
              [f"{PREFIX}c000:20d"])
        equal(records(own.ask("fa6.example.", source="127.0.0.2"), "AAAA"),
              ["2001:db8:1::13"])
        equal(len(records(own.ask("ipv4only.arpa.", "A",
                                  source="127.0.0.2"), "A")), 2)


# Shows: DNS64-84 DNS64-83
@case("filter ipv4hint takes the hints out, and what signed them")
def _(d, up):
    for rdtype, name in (("HTTPS", "hint.example."),
                         ("SVCB", "_x.hint.example.")):
        up.script(name, rdtype, does.records_in(answer=[
            f"{name} 300 {rdtype} 1 svc.example. alpn=h2 port=8443 "
            "ipv4hint=192.0.2.14,192.0.2.15 ipv6hint=2001:db8:1::14",
            does.rrsig(name, rdtype)], flags=dns.flags.AD))
        with Daemon(up, extra="filter ipv4hint") as own:
            reply = own.ask(name, rdtype, want_dnssec=True)
            equal((types(reply), reply.flags & dns.flags.AD), ([rdtype], 0))
            text = records(reply, rdtype)[0]
            equal(("ipv4hint" in text, 'ipv6hint="2001:db8:1::14"' in text,
                   'port="8443"' in text), (False, True, True), text)
        equal("ipv4hint" in records(d.ask(name, rdtype), rdtype)[0], True,
              "by default")


# Shows: DNS64-85
@case("a synthesised answer says that it is one where that is wanted")
def _(d, up):
    up.add("tell.example. 300 A 192.0.2.16",
           "tell6.example. 300 AAAA 2001:db8:1::16")
    with Daemon(up, extra="tell-synthesised yes") as own:
        equal(ede_codes(own.ask("tell.example.", use_edns=0)), [SYNTHESISED])
        equal(ede_codes(own.ask("tell6.example.", use_edns=0)), [])
        equal(own.ask("tell.example.").edns, -1, "without EDNS")
    equal(ede_codes(d.ask("tell.example.", use_edns=0)), [], "by default")


# --- local names ---------------------------------------------------------

# Shows: DNS64-91
@case("hosts that are named here get AAAA made from their IPv4 address")
def _(d, up):
    with Daemon(up, extra="host printer.example 192.0.2.17\n"
                "host six.example 2001:db8:1::17\n"
                "host six.example 192.0.2.18") as own:
        equal(records(own.ask("printer.example.", "A"), "A"), ["192.0.2.17"])
        equal(records(own.ask("printer.example."), "AAAA"),
              [f"{PREFIX}c000:211"])
        equal(records(own.ask("six.example."), "AAAA"), ["2001:db8:1::17"])
        reply = own.ask("printer.example.", "MX")
        equal((reply.rcode(), types(reply)), (0, []))
        name = dns.reversename.from_address(f"{PREFIX}c000:211")
        equal(records(own.ask(name, "PTR"), "PTR"), ["printer.example."])
    equal(up.asked("printer.example.") + up.asked("six.example."), [],
          "questions upstream")


# Shows: DNS64-91
@case("a hosts file is read, and read again with the configuration")
def _(d, up):
    with Daemon(up) as own:
        hosts = own.conf.parent / "hosts"
        hosts.write_text("192.0.2.19 box.example Box # comment\n\n")
        own.write(f'hosts "{hosts}"')
        own.signal(signal.SIGHUP, "reload: done")
        equal(records(own.ask("BOX.example."), "AAAA"),
              [f"{PREFIX}c000:213"])
        equal(records(own.ask("box.", "A"), "A"), ["192.0.2.19"])


# Shows: DNS64-91
@case("special-use zones are answered here")
def _(d, up):
    nowhere = (("a.onion.", "AAAA"), ("x.invalid.", "A"))
    ours = (("1.0.0.10.in-addr.arpa.", "PTR"), ("a.home.arpa.", "AAAA"),
            ("1.1.168.192.in-addr.arpa.", "PTR"), ("a.local.", "AAAA"),
            ("a.test.", "AAAA"))
    with Daemon(up, extra="special-zones yes") as own:
        for name, rdtype in nowhere + ours:
            equal(own.ask(name, rdtype).rcode(), dns.rcode.NXDOMAIN, name)
            equal(up.asked(name), [], name)
        equal(types(own.ask("10.in-addr.arpa.", "SOA")), ["SOA"])
    for name, rdtype in nowhere:
        equal(d.ask(name, rdtype).rcode(), dns.rcode.NXDOMAIN, name)
        equal(up.asked(name), [], name)
    for name, rdtype in ours:
        d.ask(name, rdtype)
        equal(len(up.asked(name)) > 0, True, f"{name} by default")
    equal(records(d.ask("localhost."), "AAAA"), ["::1"])
    equal(records(d.ask("a.localhost.", "A"), "A"), ["127.0.0.1"])


if __name__ == "__main__":
    sys.exit(main(FakeUpstream, workers=8))
