#!/usr/bin/python3
"""dns64ctl and the control socket of dns64d: what they show and change.

    dns64ctl --- control socket
                 dns64d on 127.0.0.1 --- FakeUpstream

Needs no root and no network. Prints TAP.
"""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "dns"), str(TESTS / "ctl")]

from lab import (PREFIX, TIMEOUT, case, equal, free_port, main, records,
                 until)

import dns.message
import dns.name

import behaviours as does
from controlled import CTL, Controlled
from fake_upstream import FakeUpstream
from terminal import Terminal


def names(up, *labels):
    """Names with an A record that lives long."""
    up.add(*(f"{label} 3600 A 192.0.2.1" for label in labels))


def asked(up, name):
    """How often the upstream was asked for A of a name."""
    return len(up.asked(name, "A"))


# --- flush ---------------------------------------------------------------

@case("flush name forgets it and nothing else, in all workers")
def _(_, __):
    for workers in (1, 2):
        with FakeUpstream() as up, Controlled(up, workers=workers) as own:
            names(up, "www.example.", "a.www.example.", "ftp.example.")
            for name in ("www.example.", "a.www.example.", "ftp.example."):
                own.everywhere(name)
                equal(asked(up, name), workers, name)
            equal(own.ctl("flush", "name", "WWW.example"),
                  "forgotten: WWW.example.\n")
            for name, times in (("www.example.", 2), ("a.www.example.", 1),
                                ("ftp.example.", 1)):
                own.everywhere(name)
                equal(asked(up, name), times * workers, name)


@case("flush zone forgets what is below, flush all everything")
def _(_, __):
    with FakeUpstream() as up, Controlled(up) as own:
        labels = ("www.example.", "a.www.example.", "other.test.")
        names(up, *labels)

        def times():
            for name in labels:
                own.everywhere(name)
            return [asked(up, name) for name in labels]
        equal(times(), [1, 1, 1])
        equal(own.ctl("flush", "zone", "example."),
              "forgotten: example. and all names below it\n")
        equal(times(), [2, 2, 1])
        equal(own.ctl("flush", "all"),
              "forgotten: . and all names below it\n")
        equal(times(), [3, 3, 2])


@case("an alias is forgotten with the name that it leads to")
def _(_, __):
    with FakeUpstream() as up, Controlled(up) as own:
        up.add("alias.example. 3600 CNAME cdn.example.",
               "cdn.example. 3600 A 192.0.2.1")
        for n in (1, 2):
            equal(records(own.ask("alias.example.", "A"), "A"),
                  ["192.0.2.1"])
            equal(asked(up, "alias.example."), n)
            own.ctl("flush", "name", "cdn.example.")


@case("a reply to a question from before the flush is not kept")
def _(_, __):
    with FakeUpstream() as up, Controlled(up) as own, own.udp() as sock:
        names(up, "slow.example.", "slow.test.")
        for name in ("slow.example.", "slow.test."):
            up.script(name, "A", does.after(0.3))
            sock.send(dns.message.make_query(name, "A").to_wire())
            until(lambda n=name: asked(up, n), "question")
        own.ctl("flush", "name", "slow.example.")
        for _ in range(2):
            equal(records(dns.message.from_wire(sock.recv(4096)), "A"),
                  ["192.0.2.1"])
        for name, again in (("slow.example.", True), ("slow.test.", False)):
            before = asked(up, name)
            own.ask(name, "A")
            equal(asked(up, name) > before, again, name)


@case("such a reply is not kept for another name that depends on the flushed one")
def _(_, __):
    with FakeUpstream() as up, \
            Controlled(up, extra="nxdomain-cut yes") as own, \
            own.udp() as sock:
        up.add("alias.example. 3600 CNAME cdn.example.",
               "cdn.example. 3600 A 192.0.2.1")
        questions = ("alias.example.", "gone.test.")
        for name in questions:
            up.script(name, "A", does.after(0.3))
            sock.send(dns.message.make_query(name, "A").to_wire())
            until(lambda n=name: asked(up, n), "question")
        own.ctl("flush", "name", "cdn.example.")
        own.ctl("flush", "name", "www.gone.test.")
        for _ in questions:
            sock.recv(4096)
        for name in questions:
            own.ask(name, "A")
            equal(asked(up, name), 2, name)


@case("the memory of what was flushed is free soon")
def _(_, __):
    with FakeUpstream() as up, Controlled(up) as own:
        for n in range(50):
            up.add(f"n{n}.example. 3600 A 192.0.2.1")
            own.ask(f"n{n}.example.", "A")
        equal(own.json("show", "cache")["cache"][0]["replies"], 50)
        own.ctl("flush", "zone", "example.")
        until(lambda: own.json("show", "cache")["cache"][0]["replies"] == 0,
              "replies")


@case("a flush of no name is refused, with what is possible")
def _(_, up):
    with Controlled(up) as own:
        status, _, err = own.run("flush", "name", "a b.example")
        equal((status, "letters, digits" in err), (1, True), err)
        for words in (("flush",), ("flush", "zone"), ("flush", "nam", "x.")):
            equal(own.run(*words)[0], 2, words)
        done = subprocess.run(
            ["curl", "-sS", "-X", "POST", "--unix-socket", own.socket,
             "http://localhost/v1/flush?name=a.&all=1"],
            capture_output=True, text=True, timeout=TIMEOUT, check=True)
        equal("say what to forget" in json.loads(done.stdout)["error"], True,
              done.stdout)


# --- reload --------------------------------------------------------------

@case("reload keeps what is cached, SIGHUP empties the cache")
def _(_, __):
    for workers in (1, 2):
        with FakeUpstream() as up, Controlled(up, workers=workers) as own:
            names(up, "www.example.")
            own.everywhere("www.example.")
            own.write("exclude a 198.51.100.0/24")
            equal(own.ctl("reload"), "reloaded\n")
            own.everywhere("www.example.")
            equal(asked(up, "www.example."), workers, "after reload")
            own.signal(signal.SIGHUP, "reload: done")
            own.everywhere("www.example.")
            equal(asked(up, "www.example."), 2 * workers, "after SIGHUP")


@case("a reload that changes what is synthesised is not answered from before")
def _(_, __):
    with FakeUpstream() as up, Controlled(up) as own:
        names(up, "www.example.")
        for _ in range(3):
            equal(records(own.ask("www.example."), "AAAA"),
                  [f"{PREFIX}c000:201"])
        own.write("exclude a 192.0.2.0/24")
        own.ctl("reload")
        equal(records(own.ask("www.example."), "AAAA"), [])
        equal(asked(up, "www.example."), 1, "upstream")


@case("a domain with other servers is forgotten at a reload, others stay")
def _(_, __):
    with FakeUpstream() as up, FakeUpstream() as inside, \
            Controlled(up) as own:
        labels = ("www.example.", "www.corp.test.")
        for server in (up, inside):
            names(server, *labels)

        def times():
            for name in labels:
                own.everywhere(name)
            return [[asked(s, name) for name in labels]
                    for s in (up, inside)]
        equal(times(), [[1, 1], [0, 0]])
        to_inside = f"upstream {inside.addr} port {inside.port} for " \
            "corp.test"
        own.write(to_inside)
        own.ctl("reload")
        equal(times(), [[1, 1], [0, 1]])
        own.ctl("reload")
        equal(times(), [[1, 1], [0, 1]], "no change")
        own.write("")
        own.ctl("reload")
        equal(times(), [[1, 2], [0, 1]])
        own.write(f"upstream {inside.addr} port {inside.port}")
        own.ctl("reload")
        own.everywhere("www.example.")
        equal(sum(asked(s, "www.example.") for s in (up, inside)), 2,
              "another server for all names")


@case("other rules for what is kept empty the cache")
def _(_, __):
    with FakeUpstream() as up, Controlled(up) as own:
        names(up, "www.example.")
        own.everywhere("www.example.")
        own.write("ttl max 60")
        own.ctl("reload")
        own.everywhere("www.example.")
        equal(asked(up, "www.example."), 2)


@case("reload --check changes nothing, and says what is wrong")
def _(_, up):
    with Controlled(up) as own:
        names(up, "check.example.")
        own.write("exclude a 192.0.2.0/24")
        equal(own.ctl("reload", "--check"),
              "the configuration can be used\n")
        equal(records(own.ask("check.example."), "AAAA"),
              [f"{PREFIX}c000:201"])
        own.write("prefix 2001:db8::/33")
        for words in (("reload", "--check"), ("reload",)):
            status, out, err = own.run(*words)
            equal((status, out, "dns64d.conf:" in err), (1, "", True), err)
        own.write("user root")
        for words in (("reload", "--check"), ("reload",)):
            status, _, err = own.run(*words)
            equal((status, '"user" has changed, which needs a restart' in
                   err), (1, True), err)
        own.write("")
        equal(own.ctl("reload"), "reloaded\n")


@case("reload --check refuses what this host does, and leaves nothing open")
def _(_, up):
    for workers in (1, 2):
        with Controlled(up, workers=workers) as own, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind((own.addr, free_port()))
            own.write(f"listen on {own.addr} port {other.getsockname()[1]}")
            for words in (("reload", "--check"), ("reload",)):
                equal(own.run(*words),
                      (1, "", "dns64ctl: refused; the log says why\n"))
            equal(("another server uses it" in own.log(),
                   "below 1024" in own.log()), (True, False), own.log())
            own.err.truncate(0)  # the errors were wanted
            port = free_port()
            own.write(f"listen on {own.addr} port {port}")
            equal(own.ctl("reload", "--check"),
                  "the configuration can be used\n")
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as sock:
                    sock.bind((own.addr, port))
            names(up, "check.example.")
            own.everywhere("check.example.")


@case("SIGHUP during a reload leads to another one")
def _(_, up):
    with Controlled(up) as own:
        for n in range(5):
            process = subprocess.Popen(
                [CTL, "-s", own.socket, "reload"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            own.process.send_signal(signal.SIGHUP)
            process.wait(TIMEOUT)
            own.signal(signal.SIGHUP, "reload: done")
            equal(own.process.poll(), None, f"status {n}")
        until(lambda: own.run("reload")[0] == 0, "reload")


# --- show ----------------------------------------------------------------

@case("show upstreams: state, round trip and domains")
def _(_, __):
    with FakeUpstream() as up, FakeUpstream() as inside:
        where = f"{inside.addr} port {inside.port}"
        with Controlled(up, workers=2, extra="\n".join(
                f"upstream {where} for {d}" for d in
                ("corp.test", "lab.test"))) as own:
            up.add("www.example. 300 A 192.0.2.1")
            own.everywhere("www.example.")
            first, second = own.json("show", "upstreams")["upstreams"]
            equal((first["address"], first["state"], first["domains"],
                   first["edns"], first["lost"]),
                  (f"{up.addr}:{up.port}", "up", ["."], True, 0))
            equal(first["sent"] >= 2 and first["answered"] ==
                  first["sent"] and 0 < first["rtt-us"] < 5000000, True,
                  first)
            equal((second["sent"], second["domains"]),
                  (0, ["corp.test.", "lab.test."]))
            lines = own.ctl("show", "upstreams").splitlines()
            equal(lines[0].split()[:2], ["ADDRESS", "STATE"])
            equal(lines[2].split()[-2:], ["corp.test.", "lab.test."])


@case("show prefixes: of each view, with ranges and what is not translated")
def _(_, up):
    with Controlled(up, extra="\n".join((
            "prefix 2001:db8:10::/96 for 10.0.0.0/8",
            "prefix none for 10.9.0.0/16",
            'view "lan" {', "match from 192.0.2.0/24",
            "prefix 2001:db8:20::/96", "}"))) as own:
        shown = own.json("show", "prefixes")["nat64-prefixes"]
        equal([(p["view"], p["nat64-prefix"], p["destination-ipv4-prefix"])
               for p in shown],
              [("default", f"{PREFIX}/96", ["0.0.0.0/0"]),
               ("default", "2001:db8:10::/96", ["10.0.0.0/8"]),
               ("default", "none", ["10.9.0.0/16"]),
               ("lan", "2001:db8:20::/96", ["0.0.0.0/0"])])
        equal("10.9.0.0/16" in own.ctl("show", "prefixes"), True)


@case("show translators: those that are polled, and their state")
def _(_, up):
    url = f"http://127.0.0.1:{free_port()}/metrics"
    with Controlled(up, prefix=None, extra=f'prefix {PREFIX}/96 translator '
                    f'"{url}" every 1') as own:
        until(lambda: own.json("show", "translators")["translators"][0][
            "state"] == "down", "down")
        shown = own.json("show", "translators")["translators"]
        equal([(t["nat64-prefix"], t["url"], t["lost"] > 0) for t in shown],
              [(f"{PREFIX}/96", url, True)])
        equal("down" in own.ctl("show", "translators"), True)
        equal(own.json("show",
                       "prefixes")["nat64-prefixes"][0]["translator"],
              "down")


@case("show cache: a line for each worker")
def _(_, up):
    with Controlled(up, workers=2) as own:
        names(up, "cached.example.")
        own.everywhere("cached.example.")
        shown = own.json("show", "cache")["cache"]
        equal([(c["worker"], c["replies"], c["cache-misses"])
               for c in shown], [(1, 1, 1), (2, 1, 1)])
        equal(len(own.ctl("show", "cache").splitlines()), 3)


@case("show clients: queries in progress and connections, most first")
def _(_, up):
    up.script("hang.example.", "A", does.silence)
    query = dns.message.make_query("hang.example.", "A").to_wire()
    with Controlled(up, workers=2) as own, own.udp("127.0.0.7") as one, \
            own.udp("127.0.0.8") as two, own.tcp("127.0.0.7"):
        for sock, times in ((one, 3), (two, 2)):
            for _ in range(times):
                sock.send(query)
        expected = [{"client": "127.0.0.7", "queries": 3, "connections": 1},
                    {"client": "127.0.0.8", "queries": 2, "connections": 0}]
        until(lambda: own.json("show", "clients")["clients"] == expected,
              "clients")
        shown = own.json("show", "clients", "--top", "1")
        equal((shown["number"], shown["clients"]), (2, expected[:1]))
        equal(own.run("show", "clients", "--top", "x")[0], 1)


@case("commands do no harm while queries are answered")
def _(_, up):
    names(up, "busy.example.")
    commands = (("show", "clients"), ("show", "cache"), ("reload",),
                ("flush", "all"), ("show", "upstreams"), ("status",))
    with Controlled(up, workers=2) as own:
        wrong = []

        def command(words):
            for _ in range(8):
                status, _, err = own.run(*words)
                if status != 0 and "in progress" not in err:
                    wrong.append((words, status, err))
        threads = [threading.Thread(target=command, args=(c,))
                   for c in commands]
        for thread in threads:
            thread.start()
        while any(t.is_alive() for t in threads):
            equal(own.ask("busy.example.").rcode(), 0)
        equal(wrong, [])


# --- lookup --------------------------------------------------------------

@case("lookup: why a name is synthesised, first by upstream, then from cache")
def _(_, __):
    with FakeUpstream() as up, Controlled(up) as own:
        up.add("www.example. 300 A 192.0.2.33")
        for source in ("upstream", "cache"):
            found = own.json("lookup", "www.example")
            equal({k: found[k] for k in (
                "qname", "qtype", "client", "access", "view", "dns64",
                "domain", "upstreams", "action", "rcode", "nat64-prefix")},
                  {"qname": "www.example.", "qtype": "AAAA",
                   "client": "::1", "access": "allowed",
                   "view": "default", "dns64": True, "domain": ".",
                   "upstreams": [f"{up.addr}:{up.port}"],
                   "action": "synthesised", "rcode": "NOERROR",
                   "nat64-prefix": f"{PREFIX}/96"})
            equal([(l["qtype"], l["from"]) for l in found["lookups"]],
                  [("AAAA", source), ("A", source)])
            equal(found["lookups"][1]["addresses"],
                  [{"address": "192.0.2.33", "why": "translated",
                    "range": "0.0.0.0/0", "prefixes": [f"{PREFIX}/96"]}])
            equal([(r["name"], r["type"], r["data"])
                   for r in found["answer"]],
                  [("www.example.", "AAAA", f"{PREFIX}c000:221")])
        out = own.ctl("lookup", "www.example")
        equal("192.0.2.33: translated 0.0.0.0/0, " + f"{PREFIX}/96" in out,
              True, out)


@case("lookup: the view of the client, and what is excluded there")
def _(_, __):
    with FakeUpstream() as up, Controlled(up, extra="\n".join((
            "exclude a 198.51.100.0/24", 'view "lan" {',
            "match from 192.0.2.0/24", "match from 2001:db8:7::/48",
            "prefix 2001:db8:20::/96", "prefix none for 203.0.113.0/24",
            "dns64 ipv6-clients", "}",
            "deny from 192.0.2.9"))) as own:
        up.add("mix.example. 300 A 198.51.100.1",
               "mix.example. 300 A 203.0.113.1",
               "mix.example. 300 AAAA ::ffff:192.0.2.1")
        here = own.json("lookup", "mix.example", "AAAA")
        equal(sorted((a["address"], a["why"], a["range"])
                     for l in here["lookups"] for a in l["addresses"]),
              [("198.51.100.1", "exclude a", "198.51.100.0/24"),
               ("203.0.113.1", "translated", "0.0.0.0/0"),
               ("::ffff:192.0.2.1", "exclude aaaa",
                "::ffff:0.0.0.0/96")])
        lan = own.json("lookup", "mix.example", "from", "2001:db8:7::9")
        equal((lan["view"], lan["match-from"], lan["dns64"], lan["answer"]),
              ("lan", "2001:db8:7::/48", True, []))
        equal({a["address"]: a["why"]
               for a in lan["lookups"][1]["addresses"]},
              {"198.51.100.1": "exclude a", "203.0.113.1": "prefix none"})
        old = own.json("lookup", "mix.example", "from", "192.0.2.9")
        equal((old["view"], old["dns64"], old["action"],
               old["answer"][0]["data"]),
              ("lan", False, "passed", "::ffff:192.0.2.1"))
        equal(old["access"], "refused by a rule")


@case("lookup: local names, chains, other types, denials, failures")
def _(_, __):
    with FakeUpstream() as up, Controlled(
            up, extra='host "printer.lan" 192.0.2.5') as own:
        found = own.json("lookup", "printer.lan", "A")
        equal((found["action"], found["lookups"],
               found["answer"][0]["data"]), ("local", [], "192.0.2.5"))
        up.add("alias.example. 300 CNAME end.example.",
               "end.example. 300 A 192.0.2.1",
               'text.example. 300 TXT "x"')
        found = own.json("lookup", "alias.example")
        equal([(r["type"], r["data"]) for r in found["answer"]],
              [("CNAME", "end.example."), ("AAAA", f"{PREFIX}c000:201")])
        equal(own.json("lookup", "text.example", "txt")["answer"][0]["data"],
              "\\# 2 0178")
        found = own.json("lookup", "nothing.example")
        equal((found["rcode"], found["answer"]), ("NXDOMAIN", []))
        up.script("late.example.", "AAAA", does.silence)
        up.add("late.example. 300 A 192.0.2.1")
        out = own.ctl("lookup", "late.example")
        equal("AAAA      waiting\n" in out, True, out)
        for rdtype in ("A", "AAAA"):
            up.script("bad.example.", rdtype, does.with_rcode(2))
        found = own.json("lookup", "bad.example")
        equal((found["rcode"], found["lookups"][0]["rcode"]),
              ("SERVFAIL", "SERVFAIL"))
        up.script("hole.example.", "MX", does.silence)
        found = own.json("lookup", "hole.example", "MX")
        equal(found["rcode"], "SERVFAIL")
        for words, text in ((("a b",), "name=a b"), (("a.", "FOO"), "FOO"),
                            (("a.", "from", "x"), "from=x")):
            status, _, err = own.run("lookup", *words)
            equal((status, text in err), (1, True), err)


@case("a lookup in progress does not survive the end, and does no harm")
def _(_, up):
    up.script("last.example.", "MX", does.silence)
    with Controlled(up) as own, subprocess.Popen(
            [CTL, "-s", own.socket, "lookup", "last.example", "MX"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        until(lambda: up.asked("last.example."), "question")
        own.process.send_signal(signal.SIGTERM)
        equal(own.process.wait(TIMEOUT), 0, "status")
        equal(process.wait(TIMEOUT) in (1, 3), True, "status of dns64ctl")


# --- monitor -------------------------------------------------------------

class Watch:
    """GET /v1/monitor, from its answer's head to the end of the block."""

    def __init__(self, own, query=""):
        self.http = http.client.HTTPConnection("localhost", timeout=TIMEOUT)
        self.http.sock = socket.socket(socket.AF_UNIX)
        self.http.sock.settimeout(TIMEOUT)
        self.http.sock.connect(own.socket)
        self.http.request("GET", f"/v1/monitor?{query}")
        self.answer = self.http.getresponse()

    def __enter__(self):
        equal(self.answer.status, 200, "status")
        return self

    def __exit__(self, *exc):
        self.answer.close()
        self.http.close()

    def event(self):
        """The next line."""
        return json.loads(self.answer.readline())


@case("monitor: a line for each query, with what was done, in all workers")
def _(_, __):
    with FakeUpstream() as up, Controlled(
            up, workers=2, extra='host "printer.lan" 192.0.2.5') as own, \
            Watch(own) as watch:
        up.add("www.example. 300 A 192.0.2.33")
        own.ask("www.example.")
        event = watch.event()
        equal({k: v for k, v in event.items()
               if k not in ("time-ms", "usecs")},
              {"client": "127.0.0.1", "over": "udp",
               "qname": "www.example.", "qtype": "AAAA",
               "action": "synthesised", "rcode": "NOERROR",
               "nat64-prefix": f"{PREFIX}/96", "from": "upstream",
               "upstream": f"{up.addr}:{up.port}"})
        equal((0 < event["usecs"] < 5000000,
               abs(event["time-ms"] / 1000 - time.time()) < 60),
              (True, True), event)
        own.ask("printer.lan.", "A", tcp=True)
        event = watch.event()
        equal((event["over"], event["action"]), ("tcp", "local"))
        for n in range(40):
            own.ask(f"n{n}.example.")
            equal(watch.event()["qname"], f"n{n}.example.")


@case("monitor: filters, and lines for people")
def _(_, __):
    with FakeUpstream() as up, Controlled(up) as own:
        up.add("www.example. 300 A 192.0.2.33")
        ask = (("www.example.", "AAAA", "127.0.0.1"),
               ("www.example.", "A", "127.0.0.1"),
               ("no.test.", "AAAA", "127.0.0.1"),
               ("www.example.", "AAAA", "127.0.0.9"))
        for query, wanted in (
                ("client=127.0.0.9", [3]), ("name=Example", [0, 1, 3]),
                ("type=a", [1]), ("rcode=nxdomain", [2]),
                ("action=synthesised&client=127.0.0.1", [0]),
                ("", [0, 1, 2, 3])):
            with Watch(own, query) as watch:
                for name, rdtype, source in ask:
                    own.ask(name, rdtype, source=source)
                for i in wanted:
                    event = watch.event()
                    equal((event["qname"], event["qtype"], event["client"]),
                          ask[i], query)
        with subprocess.Popen([CTL, "-s", own.socket, "monitor"],
                              stdout=subprocess.PIPE) as process:
            os.set_blocking(process.stdout.fileno(), False)
            line = until(lambda: own.ask("www.example.") and
                         process.stdout.readline(), "line").decode()
            equal(line.split()[1:6], ["127.0.0.1", "udp", "www.example.",
                                      "AAAA", "synthesised"])
            process.kill()
        for words in (("rcode", "x"), ("type", "x"), ("client", "x"),
                      ("name", "a b")):
            equal(own.run("monitor", *words)[0], 1, words)
        equal(own.run("monitor", "action", "x")[0], 2)


@case("a name with control characters does not command the terminal")
def _(_, up):
    name = dns.name.Name([b"\x1b[2J\x9b2J\x7f\n\r\xc2\x9b", b"example", b""])
    query = dns.message.make_query(name, "A").to_wire()
    with Controlled(up) as own, own.udp() as sock:
        for words in (("monitor",), ("-j", "monitor")):
            with Terminal([CTL, "-s", own.socket, *words],
                          columns=250) as term:
                term.until(lambda: sock.send(query) and sock.recv(4096) and
                           b"example" in term.raw, "event")
                equal((term.controls(), b"\x9b" in term.raw,
                       b"027[2J" in term.raw), ([], False, True), term.raw)


@case("a monitor that reads nothing delays nobody, and is told what it lost")
def _(_, up):
    up.add("fast.example. 300 A 192.0.2.33")
    query = dns.message.make_query("fast.example.", "AAAA").to_wire()
    with Controlled(up) as own, socket.socket(socket.AF_UNIX) as slow, \
            own.udp() as sock:
        slow.connect(own.socket)
        slow.sendall(b"GET /v1/monitor HTTP/1.1\r\nHost: localhost\r\n\r\n")
        equal(slow.recv(12), b"HTTP/1.1 200")
        for _ in range(400):
            for _ in range(32):
                sock.send(query)
            for _ in range(32):
                sock.recv(4096)
        slow.settimeout(TIMEOUT)
        text = b""
        while b'{"lost":' not in text:
            text += slow.recv(65536)
            own.ask("fast.example.")
        equal(own.json("status")["queries"], 0)
    with Controlled(up) as own, contextlib.ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(Watch(own))
        status, _, err = own.run("monitor")
        equal((status, "8 monitors run already: end one" in err), (1, True),
              err)


if __name__ == "__main__":
    sys.exit(main(FakeUpstream))
