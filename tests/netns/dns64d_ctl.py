#!/usr/bin/python3
"""dns64ctl and the control socket of dns64d: what they show and change.

    dns64ctl --- control socket
                 dns64d on 127.0.0.1 --- FakeUpstream

Needs no root and no network. Prints TAP.
"""

import json
import pathlib
import signal
import subprocess
import sys
import threading

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import (PREFIX, PROGRAM, TIMEOUT, Daemon, case, equal, free_port,
                 main, records, until)

import dns.message

import behaviours as does
from fake_upstream import FakeUpstream

CTL = PROGRAM.parent / "ctl/dns64ctl"


class Controlled(Daemon):
    """A daemon with a control socket."""

    def __init__(self, *upstreams, workers=1, **how):
        self.workers = workers
        super().__init__(*upstreams, spread=True, **how)

    def statements(self, upstreams, prefix):
        self.socket = f"{self.tmp.name}/sock"
        return super().statements(upstreams, prefix) + [
            f'control "{self.socket}"', f"workers {self.workers}"]

    def run(self, *words):
        """Exit status, output and messages of dns64ctl."""
        done = subprocess.run([CTL, "-s", self.socket, *words],
                              capture_output=True, text=True,
                              timeout=TIMEOUT, check=False)
        return done.returncode, done.stdout, done.stderr

    def ctl(self, *words):
        """Its output; it must succeed."""
        status, out, err = self.run(*words)
        equal((status, err), (0, ""), f"dns64ctl {words}")
        return out

    def json(self, *words):
        """The answer of the daemon."""
        return json.loads(self.ctl("-j", *words))

    def everywhere(self, name, rdtype="A"):
        """Ask from so many ports that every worker has the answer."""
        for _ in range(1 if self.workers == 1 else 40):
            self.ask(name, rdtype)


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
        shown = own.json("show", "prefixes")["prefixes"]
        equal([(p["view"], p["prefix"], p["ranges"]) for p in shown],
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
        equal([(t["prefix"], t["url"], t["lost"] > 0) for t in shown],
              [(f"{PREFIX}/96", url, True)])
        equal("down" in own.ctl("show", "translators"), True)
        equal(own.json("show", "prefixes")["prefixes"][0]["translator"],
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


if __name__ == "__main__":
    sys.exit(main(FakeUpstream))
