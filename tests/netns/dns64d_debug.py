#!/usr/bin/python3
"""What dns64d logs about queries with "log level debug", on loopback with a
scripted upstream.

    client (this script) --- dns64d on 127.0.0.1 --- FakeUpstream

Needs no root and no network. Prints TAP.
"""

import pathlib
import re
import signal
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "dns"))
sys.dont_write_bytecode = True

from lab import (PREFIX, Daemon, case, equal, framed, is_silent,  # noqa: E402
                 main, until)

import dns.message  # noqa: E402
import dns.name  # noqa: E402
import dns.opcode  # noqa: E402
import dns.rcode  # noqa: E402

import behaviours as does  # noqa: E402
from fake_upstream import FakeUpstream, silence  # noqa: E402

DEBUG = "log level debug\n"


def lines(daemon):
    """The lines about questions, each as a dictionary of its words."""
    return [dict(word.split("=", 1) for word in line.split()
                 if "=" in word)
            for line in daemon.log().splitlines() if ": query " in line]


def line_of(daemon, number=1, **words):
    """Wait for that many lines with these words; the last one."""
    def found():
        """The lines there are so far, when they are enough."""
        seen = [line for line in lines(daemon)
                if words.items() <= line.items()]
        return seen if len(seen) >= number else None
    return until(found, f"{number} lines with {words}")[-1]


def source_of(up):
    """An upstream as the log names it."""
    return f"{up.addr}:{up.port}"


@case("at another level no question is in the log")
def _(_, up):
    with Daemon(up) as own:
        own.ask("v4.example.")
        own.ask("v4.example.")
        equal(lines(own), [], "lines")


@case("a synthesised answer is told with its prefix, its upstream and time")
def _(d, up):
    up.add("slow.example. 300 A 192.0.2.7")
    up.script("slow.example.", "A", does.after(0.2, lambda ask:
              ask.answer("slow.example. 300 A 192.0.2.7")))
    with d.udp() as sock:
        query = dns.message.make_query("slow.example.", "AAAA")
        sock.send(query.to_wire())
        sock.recv(65535)
        client = f"127.0.0.1:{sock.getsockname()[1]}"
    line = line_of(d, name="slow.example.")
    equal({k: v for k, v in line.items() if not k.endswith("ms")},
          {"client": client, "over": "udp", "name": "slow.example.",
           "type": "AAAA", "action": "synthesised", "prefix": f"{PREFIX}/96",
           "rcode": "NOERROR", "from": source_of(up),
           "a-from": source_of(up)}, "words")
    equal(int(line["a-ms"]) >= 200, True, "time")


@case("an answer over TCP, one from the cache and one kept whole are told")
def _(d, up):
    up.add("cached.example. 300 A 192.0.2.9")
    d.ask("cached.example.", "A", tcp=True)
    line = line_of(d, name="cached.example.")
    equal((line["over"], line["action"], line["from"]),
          ("tcp", "passed", source_of(up)), "first")
    d.ask("cached.example.", "A")
    line = line_of(d, 2, name="cached.example.")
    equal((line["over"], line["action"], line["from"]),
          ("udp", "passed", "cache"), "second")
    d.ask("cached.example.", "A")
    line = line_of(d, 3, name="cached.example.")
    equal((line["action"], line["from"] in ("answers", "cache")),
          ("passed", True), "third")
    equal("prefix" in line, False, "prefix")


@case("a local answer is told")
def _(d, _up):
    d.ask("localhost.", "A")
    equal(line_of(d, name="localhost.")["action"], "local", "action")
    d.ask("ipv4only.arpa.")
    line = line_of(d, name="ipv4only.arpa.")
    equal((line["action"], line["prefix"]), ("local", f"{PREFIX}/96"),
          "ipv4only.arpa")


@case("a refused client is told, with why and the extended error")
def _(_, up):
    with Daemon(up, extra=DEBUG + "deny from 127.0.0.3\n") as own:
        own.ask("v4.example.", source="127.0.0.3", use_edns=0)
        line = line_of(own, name="v4.example.")
        equal((line["client"].split(":")[0], line["action"], line["why"],
               line["rcode"], line["ede"]),
              ("127.0.0.3", "rejected", "access", "REFUSED", "18"), "words")


@case("a message that makes no sense is told, without a name")
def _(d, _up):
    query = dns.message.make_query("status.example.", "A")
    query.set_opcode(dns.opcode.STATUS)
    d.ask(query)
    line = line_of(d, action="rejected", rcode="NOTIMP")
    equal(("name" in line, line["why"]), (False, "message"), "words")
    with d.udp() as sock:
        sock.send(b"no query")
        equal(is_silent(sock), True, "silent")
    line_of(d, action="dropped", why="message")


@case("what is beyond a client's rate is told")
def _(_, up):
    with Daemon(up, extra=DEBUG + "limit rate 1\nlimit rate-slip 0\n") as own:
        with own.udp() as sock:
            for _ in range(20):
                sock.send(dns.message.make_query("v4.example.", "A").to_wire())
            line_of(own, action="dropped", why="rate", name="v4.example.")


@case("a question that nobody answers is told, with its extended error")
def _(_, _up):
    with FakeUpstream() as up, Daemon(up, extra=DEBUG) as own:
        up.everything = silence
        reply = own.ask("nobody.example.", "A", use_edns=0)
        equal(reply.rcode(), dns.rcode.SERVFAIL, "rcode")
        line = line_of(own, name="nobody.example.")
        equal((line["action"], line["rcode"], "22" in line["ede"],
               line["from"] in ("nobody", "waiting")),
              ("failed", "SERVFAIL", True, True), "words")


@case("a name is one word, whatever is in it")
def _(d, _up):
    query = dns.message.make_query(
        dns.name.Name([b"a b\nc action=x", b"\xff.\x1b", b"example", b""]),
        "TYPE65280")
    d.ask(query)
    line = line_of(d, type="TYPE65280")
    equal((line["name"], line["action"]),
          (r"a\032b\010c\032action=x.\255\.\027.example.", "passed"), "words")


@case("a reload begins and ends it")
def _(_, up):
    with Daemon(up) as own:
        own.ask("v4.example.", "A")
        own.write(DEBUG)
        own.signal(signal.SIGHUP, "reload: done")
        own.ask("v4.example.", "A")
        line_of(own, name="v4.example.")
        own.write("")
        own.signal(signal.SIGHUP, "reload: done")
        own.ask("v4.example.", "A")
        own.ask("v4.example.", "A")
        equal(len(lines(own)), 1, "lines")


@case("of a flood, some are told of and the others are counted")
def _(_, up):
    questions = 1000
    with Daemon(up, extra=DEBUG) as own:
        with own.tcp() as sock:
            stream = sock.makefile("rb")
            query = dns.message.make_query("v4.example.", "A").to_wire()
            for _ in range(questions // 20):
                sock.sendall(framed(query) * 20)
                for _ in range(20):
                    size = int.from_bytes(stream.read(2), "big")
                    stream.read(size)

        def all_told():
            """Lines, and lines left out: every question is one of them."""
            left_out = sum(map(int, re.findall(
                r"debug: (\d+) lines left out", own.log())))
            return left_out > 0 and \
                left_out + len(lines(own)) == questions
        until(all_told, "all lines")
        equal(len(lines(own)) < questions, True, "fewer lines")


def upstream():
    """The upstream that the cases share."""
    up = FakeUpstream()
    up.add("v4.example. 300 A 192.0.2.33")
    return up


if __name__ == "__main__":
    sys.exit(main(upstream, extra=DEBUG))
