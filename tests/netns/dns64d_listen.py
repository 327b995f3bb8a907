#!/usr/bin/python3
"""dns64d on addresses and interfaces that come and go.

    client (this script) --- dns64d --- FakeUpstream
                     all in one network namespace:
    lo, and made by each case: a veth pair, of which dns64d names one end

Needs root, for a network of its own. Prints TAP.
"""

import itertools
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import (PREFIX, PROGRAM, TIMEOUT, Daemon, case, check_conf, equal,
                 free_port, main, records, until)

import dns.exception
import dns.message
import dns.query

from fake_upstream import FakeUpstream

CAP_NET_BIND_SERVICE = 1 << 10
numbers = itertools.count(1)


def ip(*words):
    """Run ip(8)."""
    subprocess.run(["ip", *" ".join(words).split()], check=True)


class Link:
    """A veth pair, both ends up, with addresses on the first."""

    def __init__(self, *addrs, name=None):
        self.name = name or f"lis{next(numbers)}"
        self.make(*addrs)

    def make(self, *addrs):
        """Create it; also once more, with another index."""
        ip(f"link add {self.name} type veth peer name {self.name}p")
        for end in (self.name, f"{self.name}p"):
            ip(f"link set {end} addrgenmode none up")
        for addr in addrs:
            self.add(addr)

    def add(self, addr):
        """Give it an address, without the wait for duplicates."""
        ip(f"addr add {addr} dev {self.name}",
           "nodad" if ":" in addr else "")

    def remove(self, addr):
        """Take an address away."""
        ip(f"addr del {addr} dev {self.name}")

    def index(self):
        """The index of the first end."""
        return socket.if_nametoindex(self.name)

    def delete(self):
        """Both ends, if they are there."""
        subprocess.run(["ip", "link", "del", self.name], check=False,
                       stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.delete()


def answers(addr, port, tcp=False):
    """Whether a question to an address is answered, from that address."""
    name = f"n{next(numbers)}.example."
    query = dns.message.make_query(name, "AAAA")
    ask = dns.query.tcp if tcp else dns.query.udp
    try:
        reply = ask(query, addr, 1, port)
    except (OSError, dns.exception.Timeout):
        return False
    return records(reply, "AAAA") == [f"{PREFIX}c000:221"]


def serves(addr, port):
    """Wait until it answers over UDP and TCP."""
    until(lambda: answers(addr, port), f"UDP at {addr}")
    until(lambda: answers(addr, port, tcp=True), f"TCP at {addr}")


def on(up, *listens, **how):
    """A daemon that listens on addresses beside loopback."""
    return Daemon(up, extra="\n".join(f"listen on {l}" for l in listens),
                  **how)


def logs(own, text, times):
    """Wait until the daemon has logged something so many times."""
    until(lambda: own.log().count(text) == times, f"{text}, {times} times")


def capabilities(own):
    """What a daemon is permitted, all threads alike."""
    found = {re.search(r"CapPrm:\t(\w+)", path.read_text())[1] for path in
             pathlib.Path(f"/proc/{own.process.pid}/task").glob("*/status")}
    equal(len(found), 1, "threads")
    return int(found.pop(), 16)


def everything(ask):
    """Every name has an A record."""
    if ask.message.question[0].rdtype == 1:
        ask.answer(f"{ask.message.question[0].name} 300 A 192.0.2.33")
    else:
        ask.answer(soa=True)


class Upstream(FakeUpstream):
    """One that knows every name."""

    def __init__(self, *where):
        super().__init__(*where)
        self.everything = everything


# --- addresses -----------------------------------------------------------

@case("addresses that appear after the start are answered at, UDP and TCP")
def _(_, up):
    port = free_port()
    with Link() as link, on(up, f"2001:db8:1::53 port {port}",
                            f"192.0.2.153 port {port}") as own:
        serves("127.0.0.1", own.port)
        for addr in ("2001:db8:1::53", "192.0.2.153"):
            equal(answers(addr, port), False, addr)
        for addr, length in (("2001:db8:1::53", 64), ("192.0.2.153", 24)):
            link.add(f"{addr}/{length}")
            serves(addr, port)
        until(lambda: own.log().count("the address is there now") == 2,
              "log")
        equal(own.log().count("does not have the address yet"), 2, "log")


@case("an address that goes and comes back is answered at again")
def _(_, up):
    port = free_port()
    with Link("2001:db8:2::53/64") as link, \
            on(up, f"2001:db8:2::53 port {port}") as own:
        serves("2001:db8:2::53", port)
        for n in range(1, 3):
            link.remove("2001:db8:2::53/64")
            until(lambda n=n: own.log().count("the address has gone") == n,
                  "gone")
            link.add("2001:db8:2::53/64")
            serves("2001:db8:2::53", port)
            until(lambda n=n: own.log().count("is there now") == n, "there")


@case("an address that is still tested for duplicates does not stop a start")
def _(_, up):
    port = free_port()
    with Link() as link:
        ip(f"addr add 2001:db8:3::53/64 dev {link.name}")
        with on(up, f"2001:db8:3::53 port {port}"):
            serves("2001:db8:3::53", port)


@case("freebind: at any address that is routed here, and without a word")
def _(_, up):
    port = free_port()
    ip("-6 route add local 2001:db8:4::/64 dev lo")
    ip("route add local 198.51.100.0/24 dev lo")
    with on(up, f"2001:db8:4::53 port {port} freebind",
            f"198.51.100.53 port {port} freebind\n"
            "allow from 198.51.100.0/24") as own:
        serves("2001:db8:4::53", port)
        serves("198.51.100.53", port)
        equal("does not have" in own.log(), False, "told")


@case("an address of a port below 1024 needs no root when it appears")
def _(_, up):
    with Link() as link, on(up, "2001:db8:5::53 port 53") as own:
        link.add("2001:db8:5::53/64")
        serves("2001:db8:5::53", 53)
        equal(capabilities(own), 0)


@case("a reload takes an address that is not there yet, but no low port")
def _(_, up):
    port = free_port()
    with Link() as link, on(up) as own:
        own.write(f"listen on 2001:db8:6::53 port {port}")
        own.signal(signal.SIGHUP, "reload: done")
        own.signal(signal.SIGHUP, "reload: done")
        equal(own.log().count("does not have the address yet"), 1, "told")
        link.add("2001:db8:6::53/64")
        serves("2001:db8:6::53", port)
        own.write("listen on 2001:db8:6::53 port 53")
        own.signal(signal.SIGHUP, "reload: refused")
        serves("2001:db8:6::53", port)


# --- upstreams that are this host itself ---------------------------------

def circle(addr, port, wildcard="::"):
    """A configuration whose upstream is a listener, if the host has it."""
    return (f"user nobody\nlisten on 127.0.0.1 port {free_port()}\n"
            f"listen on {wildcard} port {port}\n"
            f"upstream {addr} port {port}\n")


@case("an upstream that is an address of this host is refused: it would loop")
def _(_, up):
    port = free_port()
    with Link("2001:db8:7::1/64", "192.0.2.171/24", "fe80::1/64") as link:
        for addr, wildcard in (("2001:db8:7::1", "::"),
                               ("192.0.2.171", "0.0.0.0"),
                               ("::ffff:192.0.2.171", "0.0.0.0"),
                               (f"fe80::1%{link.name}", "::"),
                               (f"fe80::1%{link.index()}", "::"),
                               (f"fe80::1%{link.index()}",
                                f"fe80::1%{link.name}"),
                               (f"fe80::1%{link.name}",
                                f"fe80::1%{link.index()}")):
            status, log = check_conf(circle(addr, port, wildcard))
            equal(status, 1, addr)
            equal("conf:4: upstream" in log and "conf:3 listens" in log,
                  True, log)
        equal(check_conf(circle("2001:db8:7::2", port))[0], 0, "another")
        equal(check_conf(circle("fe80::1%lo", port))[0], 0, "another zone")


@case("a start and a reload refuse it too; one that comes later is told")
def _(_, up):
    port = free_port()
    with Link("2001:db8:8::1/64") as link:
        with Daemon(up, addr="::1", extra=f"listen on :: port {port}\n"
                    f"upstream 2001:db8:8::2 port {port}") as own:
            link.add("2001:db8:8::2/64")
            until(lambda: "queries would loop" in own.log(), "told")
            own.write(f"listen on :: port {port}\n"
                      f"upstream 2001:db8:8::1 port {port}")
            own.signal(signal.SIGHUP, "reload: refused")
            path = own.conf
            done = subprocess.run([PROGRAM, "-d", "-f", path], check=False,
                                  capture_output=True, timeout=TIMEOUT)
            equal(done.returncode, 1, "start")


# --- link-local addresses ------------------------------------------------

@case("listen on fe80::1%name follows the interface, on a low port too")
def _(_, up):
    with Link(name="lisname") as link:
        link.delete()
        with on(up, "fe80::1%lisname port 53") as own:
            serves("127.0.0.1", own.port)
            equal("does not have the interface yet" in own.log(), True,
                  own.log())
            equal(capabilities(own), CAP_NET_BIND_SERVICE)
            before = 0
            for n in range(1, 4):
                link.make("fe80::1/64")
                equal(link.index() != before, True, "index")
                before = link.index()
                serves("fe80::1%lisname", 53)
                logs(own, "the interface is there now", n)
                link.delete()
                logs(own, "the interface has gone", n)


@case("listen on fe80::1%index waits for an interface of this index")
def _(_, up):
    port = free_port()
    index = 7000
    with on(up, f"fe80::1%{index} port {port}"), Link() as link:
        link.delete()
        ip(f"link add {link.name} index {index} type veth "
           f"peer name {link.name}p")
        ip(f"link set {link.name} up")
        ip(f"link set {link.name}p up")
        link.add("fe80::1/64")
        serves(f"fe80::1%{link.name}", port)


@case("a listener of an interface does not hear the other ones")
def _(_, up):
    port = free_port()
    with Link("fe80::1/64") as one, Link("fe80::1/64") as other, \
            on(up, f"fe80::1%{one.name} port {port}"):
        serves(f"fe80::1%{one.name}", port)
        equal(answers(f"fe80::1%{other.name}", port), False, "other")


@case("a view holds for a listener by its interface's name")
def _(_, up):
    port = free_port()
    with Link("fe80::1/64") as link:
        at = f"fe80::1%{link.name} port {port}"
        with on(up, f'{at}\nview "x" {{\nmatch on {at}\n'
                'prefix 2001:db8:aaaa::/96\n}'):
            until(lambda: records(dns.query.udp(dns.message.make_query(
                "view.example.", "AAAA"), f"fe80::1%{link.name}", TIMEOUT,
                port), "AAAA") == ["2001:db8:aaaa::c000:221"], "view")


@case("upstream fe80::1%name follows the interface")
def _(_, up):
    port = free_port()
    with Link(name="lisup") as link:
        link.delete()
        upstream = f"upstream fe80::1%lisup port {port}"
        with Daemon(extra=upstream) as own:
            equal("upstream [fe80::1%lisup]" in own.log(), True, own.log())
            for _ in range(3):
                link.make("fe80::1/64")
                with Upstream("fe80::1%lisup", port) as there:
                    until(lambda: answers("127.0.0.1", own.port), "UDP")
                    equal({seen.proto for seen in there.seen}, {"udp"})
                    there.script("t.example.", "A", truncate)
                    equal(records(own.ask("t.example."), "AAAA"),
                          [f"{PREFIX}c000:221"], "over TCP")
                    own.signal(signal.SIGHUP, "reload: done")
                link.delete()


def truncate(ask):
    """An answer that has to be fetched over TCP."""
    if ask.proto == "tcp":
        everything(ask)
        return
    reply = ask.reply()
    reply.flags |= 0x200
    ask.send(reply)


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("ok 1 - dns64d_listen # SKIP not root\n1..1")
        sys.exit(0)
    if "LISTEN_NET" not in os.environ:
        os.environ["LISTEN_NET"] = "own"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    ip("link set lo up")
    sys.exit(main(Upstream))
