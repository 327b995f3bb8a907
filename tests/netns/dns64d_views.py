#!/usr/bin/python3
"""Views, several prefixes and the load of translators, on loopback.

    clients 127.0.0.x, ::1 --- dns64d --- FakeUpstream
                                 '------- FakeTranslator ...

Needs no root and no network. Prints TAP.
"""

import collections
import contextlib
import pathlib
import signal
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import (PREFIX, Daemon, case, check_conf, equal, free_port, main,
                 records, until)
from pace import Span, since

import dns.name
import dns.rdatatype
import dns.reversename

from fake_translator import FakeTranslator
from fake_upstream import FakeUpstream, silence

OTHER = "2001:db8:65::"
THIRD = "2001:db8:66::"
V4 = "c000:221"  # 192.0.2.33


def aaaa(daemon, name="v4.example.", **how):
    """The AAAA records of a name, as sorted texts."""
    return records(daemon.ask(name, **how), "AAAA")


def prefixes(daemon, n=1, source=None, name="v4.example."):
    """How often each prefix came in n answers."""
    return collections.Counter(
        found[:-len(V4)] for _ in range(n)
        for found in aaaa(daemon, name, source=source))


def asked(up, name, rdtype):
    """How often the upstream was asked."""
    key = (dns.name.from_text(name), dns.rdatatype.from_text(rdtype))
    return sum((seen.name, seen.type) == key for seen in up.seen)


# --- views ---------------------------------------------------------------

# Shows: DNS64-54
@case("a client has the policy of the first view that matches it")
def _(_, up):
    with Daemon(up, extra=f"""
view "two" {{
    match from 127.0.0.2
    prefix {OTHER}/96
}}
view "some" {{
    match from 127.0.0.2/31
    match from 127.0.0.8/29
    prefix {THIRD}/96
}}""") as own:
        for source, prefix in (("127.0.0.1", PREFIX), ("127.0.0.2", OTHER),
                               ("127.0.0.3", THIRD), ("127.0.0.9", THIRD),
                               ("127.0.0.4", PREFIX)):
            for tcp in (False, True):
                equal(aaaa(own, source=source, tcp=tcp), [prefix + V4],
                      f"{source} tcp {tcp}")


# Shows: DNS64-55 DNS64-54
@case("a listener has a view, over UDP and TCP")
def _(_, up):
    port = free_port()
    with Daemon(up, extra=f"""
listen on 127.0.0.1 port {port}
view "port" {{
    match from 127.0.0.2 on 127.0.0.1 port {port}
    match from 127.0.0.3 on 127.0.0.1 port {port}
    prefix {OTHER}/96
}}""") as own:
        for tcp in (False, True):
            equal(aaaa(own, tcp=tcp, source="127.0.0.2"), [PREFIX + V4])
        own.port, first = port, own.port
        for tcp in (False, True):
            equal(aaaa(own, tcp=tcp, source="127.0.0.2"), [OTHER + V4])
            equal(aaaa(own, tcp=tcp, source="127.0.0.3"), [OTHER + V4])
            equal(aaaa(own, tcp=tcp, source="127.0.0.4"), [PREFIX + V4])
        own.port = first


# Shows: DNS64-54
@case("a view without DNS64 is a plain forwarder")
def _(_, _up):
    with FakeUpstream() as up, Daemon(up, extra="""
view "plain" {
    match from 127.0.0.2
    dns64 no
}""") as own:
        up.add("v4.example. 300 A 192.0.2.33",
               "ipv4only.arpa. 300 A 192.0.0.170")
        reply = own.ask("v4.example.", source="127.0.0.2")
        equal((reply.rcode(), records(reply, "AAAA")), (0, []), "AAAA")
        equal(len(records(reply, "SOA", "authority")), 1, "SOA")
        equal(asked(up, "v4.example.", "A"), 0, "A asked")
        own.ask("ipv4only.arpa.", source="127.0.0.2")
        equal(asked(up, "ipv4only.arpa.", "AAAA"), 1, "ipv4only asked")
        name = dns.reversename.from_address(PREFIX + V4).to_text()
        own.ask(name, "PTR", source="127.0.0.2")
        equal(asked(up, name, "PTR"), 1, "PTR asked")
        equal(aaaa(own), [PREFIX + V4], "other client")
        equal(len(aaaa(own, "ipv4only.arpa.")), 2, "ipv4only")


# Shows: DNS64-55
@case("DNS64 can be withheld from clients that ask over IPv4")
def _(_, up):
    port = free_port("::1")
    with Daemon(up, extra=f"listen on ::1 port {port}\n"
                "dns64 ipv6-clients") as own:
        for tcp in (False, True):
            equal(aaaa(own, tcp=tcp), [], "IPv4")
        own.port, own.addr = port, "::1"
        for tcp in (False, True):
            equal(aaaa(own, tcp=tcp), [PREFIX + V4], "IPv6")


# Shows: DNS64-03 DNS64-54 DNS64-09
@case("force, exclusions and ranges are those of the view")
def _(_, up):
    up.add("dual.example. 300 A 192.0.2.33",
           "dual.example. 300 AAAA 2001:db8:bad::1",
           "dual.example. 300 AAAA 2001:db8:cafe::1",
           "ten.example. 300 A 10.0.0.1")
    real = ["2001:db8:bad::1", "2001:db8:cafe::1"]
    with Daemon(up, extra="""
view "force" {
    match from 127.0.0.2
    force yes
    exclude a 10.0.0.0/8
}
view "exclude" {
    match from 127.0.0.3
    exclude aaaa 2001:db8:bad::/48
}""") as own:
        equal(aaaa(own, "dual.example."), real, "default")
        equal(aaaa(own, "dual.example.", source="127.0.0.2"), [PREFIX + V4])
        equal(aaaa(own, "dual.example.", source="127.0.0.3"), real[1:])
        equal(aaaa(own, "ten.example."), [PREFIX + "a00:1"], "10/8")
        equal(aaaa(own, "ten.example.", source="127.0.0.2"), [], "10/8")


# Shows: DNS64-07 DNS64-54
@case("the AAAA deadline is that of the view")
def _(_, up):
    up.add("hole.example. 300 A 192.0.2.33", "hole2.example. 300 A 192.0.2.33")
    up.script("hole.example.", "AAAA", silence)
    up.script("hole2.example.", "AAAA", silence)
    with Daemon(up, extra="timeout aaaa 700\nview \"quick\" {\n"
                "match from 127.0.0.2\ntimeout aaaa 50\n}") as own:
        begin = time.monotonic()
        equal(aaaa(own, "hole.example.", source="127.0.0.2"), [PREFIX + V4])
        middle = time.monotonic()
        equal(aaaa(own, "hole2.example."), [PREFIX + V4])
        equal(Span(begin, middle) < 0.5, True, "quick view")
        equal(since(middle) > 0.65, True, "default")


# Shows: DNS64-76
@case("views share the cache and keep their prefixes")
def _(_, _up):
    with FakeUpstream() as up, Daemon(up, extra=f"""
view "two" {{
    match from 127.0.0.2
    prefix {OTHER}/96
}}""") as own:
        up.add("v4.example. 300 A 192.0.2.33")
        for _ in range(2):
            equal(aaaa(own), [PREFIX + V4])
            equal(aaaa(own, source="127.0.0.2"), [OTHER + V4])
        equal(asked(up, "v4.example.", "A"), 1, "A asked")


# --- several prefixes ----------------------------------------------------

# Shows: DNS64-17 DNS64-16
@case("IPv4 ranges go to different prefixes or to none")
def _(_, up):
    up.add("mixed.example. 300 A 192.0.2.33",
           "mixed.example. 300 A 10.0.0.1",
           "mixed.example. 300 A 10.1.0.1",
           "none.example. 300 A 10.1.0.2")
    with Daemon(up, extra=f"prefix {OTHER}/96 for 10.0.0.0/8\n"
                "prefix none for 10.1.0.0/16") as own:
        equal(aaaa(own, "mixed.example."),
              sorted([PREFIX + V4, OTHER + "a00:1"]))
        equal(aaaa(own, "none.example."), [], "none")


# Shows: DNS64-53
@case("a prefix for some IPv4 ranges draws a warning, at start and reload")
def _(_, up):
    warning = f"prefix {OTHER}/96 is for some IPv4 addresses only"
    with Daemon(up, extra=f"prefix {OTHER}/96 for 10.0.0.0/8") as own:
        equal(own.log().count(warning), 1, "start")
        own.signal(signal.SIGHUP, "reload: done")
        equal(own.log().count(warning), 2, "reload")
        own.write(f"prefix {OTHER}/96 for 10.0.0.0/8\nprefix {OTHER}/96")
        own.signal(signal.SIGHUP, "reload: done")
        equal(own.log().count(warning), 2, "no reason")
    status, said = check_conf(f"listen on ::1\nupstream 192.0.2.1\n"
                              f"prefix {OTHER}/96 for 10.0.0.0/8\n")
    equal((status, warning in said), (0, True), "check")


# Shows: DNS64-93
@case("a reverse-only prefix answers PTR and makes no AAAA")
def _(_, up):
    up.add("33.2.0.192.in-addr.arpa. 300 PTR v4.example.")
    with Daemon(up, extra=f"prefix {OTHER}/96 reverse-only") as own:
        equal(aaaa(own), [PREFIX + V4], "AAAA")
        equal(len(aaaa(own, "ipv4only.arpa.")), 2, "ipv4only")
        for prefix in (PREFIX, OTHER):
            reply = own.ask(dns.reversename.from_address(prefix + V4), "PTR")
            equal(records(reply, "PTR"), ["v4.example."], prefix)


# Shows: DNS64-48 DNS64-52
@case("ipv4only.arpa shows every prefix however they are balanced")
def _(_, up):
    for mode in ("all", "round-robin", "random", "client-hash"):
        with Daemon(up, extra=f"prefix {OTHER}/96\n"
                    f"balance {mode}") as own:
            equal(aaaa(own, "ipv4only.arpa."), sorted(
                p + v for p in (PREFIX, OTHER)
                for v in ("c000:aa", "c000:ab")), mode)


# Shows: DNS64-13
@case("balance all gives one AAAA for each prefix, the others one in all")
def _(_, up):
    up.add("four.example. 300 A 192.0.2.1", "four.example. 300 A 192.0.2.2")
    for mode, n in (("all", 4), ("round-robin", 2), ("random", 2),
                    ("client-hash", 2)):
        with Daemon(up, extra=f"prefix {OTHER}/96\nbalance {mode}") as own:
            found = aaaa(own, "four.example.")
            equal(len(found), n, mode)
            equal(len({text.rpartition("c000")[0] for text in found}),
                  n // 2, mode)


# Shows: DNS64-16
@case("round-robin alternates, though A is asked in between")
def _(_, up):
    with Daemon(up, extra=f"prefix {OTHER}/96\nbalance round-robin") as own:
        seen = []
        for _ in range(6):
            own.ask("v4.example.", "A")
            seen += aaaa(own)
        equal(seen, [PREFIX + V4, OTHER + V4] * 3)


# Shows: DNS64-16
@case("client-hash keeps each client on its prefix, also over TCP")
def _(_, up):
    with Daemon(up, extra=f"prefix {OTHER}/96\nbalance client-hash") as own:
        first = {f"127.0.0.{i}": aaaa(own, source=f"127.0.0.{i}")
                 for i in range(2, 42)}
        equal(5 < sum(found == [OTHER + V4] for found in first.values()) < 35,
              True, "both prefixes")
        for source, found in first.items():
            equal(aaaa(own, source=source, tcp=True), found, source)


# --- translators ---------------------------------------------------------

def count_log(own, translator, state):
    """How often the worker that is asked found a translator in a state."""
    return own.log().count(
        f"{own.speaker}translator {translator.url}: {state}")


@contextlib.contextmanager
def two_translators(up, mode, every=1, sessions=(0, 0)):
    """A daemon with two prefixes, and their translators."""
    with FakeTranslator() as one, FakeTranslator("::1") as two:
        one.sessions, two.sessions = sessions
        with Daemon(
                up, prefix=f'{PREFIX}/96 translator "{one.url}" every {every}',
                extra=f'prefix {OTHER}/96 translator "{two.url}" '
                f"every {every}\nbalance {mode}") as own:
            until(lambda: one.polls and two.polls, "polls")
            yield own, one, two


def wait_for(own, only, what):
    """Poll until answers have just these prefixes, and not by chance."""
    until(lambda: set(prefixes(own, 25)) == set(only), what, 30)


# Shows: DNS64-92
@case("least-loaded follows the sessions of the translators")
def _(_, up):
    with two_translators(up, "least-loaded") as (own, one, two):
        one.sessions, two.sessions = 95, 20
        wait_for(own, [OTHER], "second")
        one.sessions = 50
        two.sessions, two.limit = 290, 300
        wait_for(own, [PREFIX], "first")
        for nat64 in (one, two):
            path, headers = nat64.polls[0]
            equal((path, headers["Host"]), ("/metrics", nat64.host))


# Shows: DNS64-92
@case("a translator that drains or dies loses its prefix until it is back")
def _(_, up):
    with two_translators(up, "all") as (own, one, two):
        wait_for(own, [PREFIX, OTHER], "both")
        one.up = 0
        wait_for(own, [OTHER], "draining")
        equal(count_log(own, one, "draining"), 1, "log")
        two.stop()
        until(lambda: count_log(own, two, "down"), "down")
        wait_for(own, [PREFIX], "one that drains is better than a dead one")
        one.stop()
        until(lambda: count_log(own, one, "down"), "down", 20)
        equal(set(prefixes(own)), {PREFIX, OTHER}, "all down: none left out")
        equal(len(aaaa(own, "ipv4only.arpa.")), 4, "ipv4only.arpa")
        one.up = 1
        one.start(one.port)
        wait_for(own, [PREFIX], "back")
        two.start(two.port)


# Shows: DNS64-92 DNS64-94
@case("bad, endless and slow answers of a translator count as none")
def _(_, up):
    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100000):
            handler.wfile.write(b"x" * 65536)

    def slow(handler):
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"#\n")
            handler.wfile.flush()
            time.sleep(0.2)

    scripts = (lambda handler: handler.send_error(500),
               lambda handler: handler.answer(b"nat64d_up 1\n"),
               lambda handler: handler.answer(b""),
               lambda handler: handler.wfile.write(b"\0\1\2 garbage\r\n\r\n"),
               endless, slow)
    with two_translators(up, "all") as (own, one, two):
        for number, script in enumerate(scripts, 1):
            wait_for(own, [PREFIX, OTHER], "both")
            one.script = script
            until(lambda: count_log(own, one, "down") == number,
                  f"down by script {number}", 20)
            equal(set(prefixes(own)), {OTHER}, "left out")
            one.script = one.metrics
        equal(own.rss() < 100000, True, "memory")


# Shows: DNS64-92
@case("SIGUSR1 shows the translators, and a reload keeps what is known")
def _(_, up):
    with two_translators(up, "least-loaded", 10, (10, 95)) as (own, one, two):
        wait_for(own, [PREFIX], "first")
        own.stats()
        line = f"translator {two.url} prefix {OTHER}/96 up sessions 95 of 100"
        until(lambda: line in own.read(own.out), line)
        one.script = two.script = silence
        own.signal(signal.SIGHUP, "reload: done")
        equal(set(prefixes(own, 25)), {PREFIX}, "after the reload")


def upstream():
    """The upstream that the cases share."""
    up = FakeUpstream()
    up.add("v4.example. 300 A 192.0.2.33")
    return up


if __name__ == "__main__":
    sys.exit(main(upstream, workers=4))
