#!/usr/bin/python3
"""The command "top" of the clients: on a screen, as text, as JSON; with
terminals and daemons as they are in the real world. Needs no root. Prints TAP.

    pseudo terminal --- nat64ctl, dns64ctl --- FakeDaemon
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "ctl"))

from cases import DNS64CTL, NAT64CTL, case, equal, main
from fake_daemon import FakeDaemon
from samples import Dns64d, Nat64d
from terminal import PATIENCE, Terminal

# A daemon that ends may do so while it answers.
AWAY = rb"is nat64d running|the answer is not complete"
CURSOR = b"\x1b[?25h"  # shown again, by a Linux console


@contextlib.contextmanager
def daemon(kind=Nat64d, **how):
    """A FakeDaemon with the answers of a kind of daemon."""
    sample = kind(**how)
    with FakeDaemon(sample.answers) as fake:
        fake.sample = sample
        yield fake


@contextlib.contextmanager
def top(fake, *words, columns=80, rows=24, **how):
    """nat64ctl top in a terminal."""
    with Terminal([NAT64CTL, "-s", fake.socket, "top", *words], columns, rows,
                  **how) as term:
        yield term


def run(fake, *words, **how):
    """Exit status, output and messages without a terminal."""
    done = subprocess.run([NAT64CTL, "-s", fake.socket, *words],
                          capture_output=True, timeout=PATIENCE, check=False,
                          stdin=subprocess.DEVNULL, **how)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def has_rates(term):
    """Has the screen rates?"""
    return re.search(r"[0-9.]+[kM]? new/s", term.text())


# --- text and JSON ---------------------------------------------------------

@case("without a terminal: blocks of text with rates, then the end")
def _():
    with daemon() as fake:
        for words in (("-n", "2", "-d", "0.1"), ("-bn2", "-d.1"),
                      ("-n2", "-d0.1", "-b")):
            status, out, err = run(fake, "top", *words)
            equal((status, err, out.count("nat64d 1.0, up 3 d 3 h")),
                  (0, "", 2), words)
            for pattern in (r"^IPv6 +in [0-9.]+[kM]? packets/s, [0-9.]+ "
                            r"[kMG]?bit/s  out [0-9.]+", r"^sessions   41203 "
                            r"of 1\.05M, 3 %  [0-9.]+[kM]? new/s",
                            r"^pool +tcp 12 %, 56771 of 64512 free",
                            r"^ *[0-9.]+[kM]? +[0-9]+  no-binding$",
                            r"^2001:db8:0:1::/64 +192.0.2.1 +2999/4000 "
                            r"+30/1000 +20/1000 +10/1000 +60$"):
                equal(len(re.findall(pattern, out, re.M)), 2, pattern)
            equal(len(re.findall("^2001:db8:", out, re.M)), 20, "lines")
            equal("\x1b" in out, False)


@case("-j prints an object in a line for each sample, also in a terminal")
def _():
    with daemon() as fake:
        status, out, err = run(fake, "-j", "top", "-n3", "-d0.1", "--top", "5")
        samples = [json.loads(line) for line in out.splitlines()]
        equal((status, err, len(samples)), (0, "", 3))
        for s in samples:
            equal((s["seconds"] > 0, s["counters-per-second"][
                "ipv6-packets-in"] > 0, s["drops"][0]["reason"],
                   s["drops"][0]["packets-per-second"] > 0, s["sessions"]),
                  (True, True, "no-binding", True, 41203))
        equal(("/v1/subscribers", "sort=sessions&top=5") in fake.asked, True)
        with Terminal([NAT64CTL, "-s", fake.socket, "-j", "top", "-n1",
                       "-d0.1"], 80, 24) as term:
            equal(term.wait(), 0)
            equal((json.loads(term.raw)["pid"], term.controls()), (1, []))


@case("without a terminal for the keys it is text as well, and with -b")
def _():
    with daemon() as fake:
        for how in ({"stdin": subprocess.DEVNULL}, {"words": ("-b",)}):
            words = how.pop("words", ())
            with top(fake, "-n1", "-d0.1", *words, **how) as term:
                equal(term.wait(), 0)
                equal((term.controls(), b"SUBSCRIBER" in term.raw),
                      ([], True))
            equal(max(map(len, term.raw.decode().splitlines())) <= 80, True)


@case("wrong use is refused, and says what is possible")
def _():
    with daemon() as fake:
        for words, text in (
                (("-d", "0"), '-d: "0" is no number from 0.1 to 86400'),
                (("-d", "x"), '"x" is no number'),
                (("-d", "0,5"), '"0,5" is no number'),
                (("-d", "nan"), '"nan" is no number'),
                (("-d", ""), '"" is no number'), (("-d", "-1"), "no number"),
                (("-n", "0"), '-n: "0" is no number from 1 to 2147483647'),
                (("-n", "1.5"), '"1.5" is no number'),
                (("--top", "1001"), "from 1 to 1000"),
                (("--sort", "tpc"), 'did you mean "tcp"?'),
                (("-x",), "usage: nat64ctl top [-b] [-d SECONDS]"),
                (("now",), "usage: "), (("-n",), "usage: ")):
            status, out, err = run(fake, "top", *words)
            equal((status, out, text in err), (2, "", True), (words, err))
        equal(fake.asked, [])


@case("no daemon at the start is status 3, also on a screen")
def _():
    with daemon() as fake:
        fake.stop()
        for words in (("top",), ("-j", "top")):
            status, out, err = run(fake, *words)
            equal((status, out, "is nat64d running" in err), (3, "", True))
        with top(fake) as term:
            equal(term.wait(), 3)
            equal((term.controls(), b"is nat64d running" in term.raw),
                  ([], True))
        fake.start()


@case("a daemon that goes away ends a batch with status 3")
def _():
    with daemon() as fake:
        for words in (("top", "-d", "0.1"), ("-j", "top", "-d", "0.1")):
            with subprocess.Popen(
                    [NAT64CTL, "-s", fake.socket, *words],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE) as process:
                equal(b"nat64d" in process.stdout.readline(), True)
                fake.stop()
                _, err = process.communicate(timeout=PATIENCE)
                equal((process.returncode, re.search(AWAY, err) is None),
                      (3, False), err)
            fake.start()


@case("an answer that is cut, or is none, ends a batch; a refusal is status 1")
def _():
    with daemon() as fake:
        for answer, status, text in (
                ({"error": "not\x1b[2J now"}, 1, "not\\u001b[2J now"),
                ("[]", 1, "no JSON object"), ("{", 1, "no JSON object")):
            fake.answers["/v1/counters"] = answer
            found, out, err = run(fake, "top", "-n1", "-d0.1")
            equal((found, out, text in err), (status, "", True), err)


@case("a reader that goes away ends it, and a full disk is an error")
def _():
    with daemon() as fake:
        with subprocess.Popen(
                [NAT64CTL, "-s", fake.socket, "top", "-d0.1"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            process.stdout.close()
            equal(process.wait(PATIENCE), -signal.SIGPIPE)
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [NAT64CTL, "-s", fake.socket, "top", "-d0.1"], stdout=full,
                stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                timeout=PATIENCE, check=False)
        equal((done.returncode, b"standard output" in done.stderr),
              (1, True), done.stderr)


@case("a restart of the daemon is no rate, and no negative one")
def _():
    with daemon() as fake:
        with subprocess.Popen(
                [NAT64CTL, "-s", fake.socket, "-j", "top", "-d0.1"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
            equal(json.loads(process.stdout.readline())["pid"], 1)
            fake.sample.pid = 2
            while (now := json.loads(process.stdout.readline()))["pid"] == 1:
                pass
            equal(("seconds" in now, "counters-per-second" in now),
                  (False, False), "first one")
            now = json.loads(process.stdout.readline())
            equal((now["seconds"] > 0, "counters-per-second" in now),
                  (True, True), "second one")
            process.kill()


# --- the screen --------------------------------------------------------------

@case("the screen shows rates, and q gives the terminal back")
def _():
    with daemon(warnings=["no address for errors"]) as fake, \
            top(fake, "-d", "0.2") as term:
        term.until(lambda: has_rates(term), "rates")
        lines = term.lines()
        equal((lines[0].split(",")[0], lines[0][-11:-9]),
              ("nat64d 1.0", "s,"), lines[0])
        equal(lines[1], "warning    no address for errors")
        for text in ("by sessions, every 0.2 s", "fast path ", "no-binding",
                     "2999/4000"):
            equal(text in term.text(), True, text)
        equal(term.is_restored(), False, "modes meanwhile")
        term.type("q")
        equal((term.wait(), term.is_restored(), CURSOR in term.raw),
              (0, True, True))


@case("signals give the terminal back; SIGINT is like q")
def _():
    with daemon() as fake:
        for number, status in ((signal.SIGINT, 0),
                               (signal.SIGTERM, -signal.SIGTERM),
                               (signal.SIGHUP, -signal.SIGHUP),
                               (signal.SIGQUIT, -signal.SIGQUIT)):
            with top(fake) as term:
                term.wait_for("SUBSCRIBER")
                term.signal(number)
                equal((term.wait(), term.is_restored(), CURSOR in term.raw),
                      (status, True, True), number)
        with top(fake) as term:
            term.wait_for("SUBSCRIBER")
            term.type("\x03")
            equal((term.wait(), term.is_restored()), (0, True), "Ctrl-C")
        with top(fake, "-d0.1", ignored="HUP") as term:
            term.wait_for("SUBSCRIBER")
            asked = len(fake.asked)
            term.signal(signal.SIGHUP)
            term.until(lambda: len(fake.asked) > asked + 12, "samples")
            term.signal(signal.SIGTERM)
            equal((term.wait(), term.is_restored()), (-signal.SIGTERM, True))


@case("a change of the interval while an answer is waited for holds")
def _():
    with daemon() as fake, top(fake, "-d", "3600") as term:
        term.until(lambda: has_rates(term), "the second sample")
        fake.hang()
        term.type(" ")
        term.wait_for("waiting")
        term.type("-" * 20)
        fake.go_on()
        term.wait_for("waiting", gone=True)
        asked = len(fake.asked)
        term.until(lambda: len(fake.asked) > asked + 6, "samples")
        term.type("q")
        equal(term.wait(), 0)


@case("a terminal that is closed ends it")
def _():
    with daemon() as fake, top(fake, "-d0.1") as term:
        term.wait_for("SUBSCRIBER")
        os.close(term.slave)
        os.close(term.master)
        term.slave, term.master = os.openpty()
        term.process.wait(PATIENCE)


@case("-n ends it by itself")
def _():
    with daemon() as fake, top(fake, "-n", "2", "-d", "0.1") as term:
        equal((term.wait(), term.is_restored(), CURSOR in term.raw),
              (0, True, True))
        equal(len([a for a in fake.asked if a[0] == "/v1/status"]), 3)


@case("it follows the size of the terminal, whatever it is")
def _():
    with daemon(warnings=["a warning of more than forty columns, which goes "
                          "on in the next line"]) as fake, \
            top(fake, "-d", "0.1") as term:
        term.wait_for("BINDINGS")
        term.resize(40, 24)
        term.wait_for("BINDINGS", gone=True)
        term.wait_for("2999/4000")
        term.wait_for("more than forty\n  columns, which")
        term.resize(132, 60)
        term.wait_for("2001:db8:0:28::/64")
        term.resize(80, 5)
        term.wait_for("SUBSCRIBER", gone=True)
        for columns, rows in ((1, 1), (2, 3), (500, 200), (20, 6)):
            term.resize(columns, rows)
            asked = len(fake.asked)
            term.until(lambda n=asked: len(fake.asked) > n + 6, "samples")
        term.resize(80, 24)
        term.wait_for("BINDINGS")
        term.type("q")
        equal(term.wait(), 0)


@case("s and S change the order, at once; + and - the interval")
def _():
    with daemon() as fake, top(fake, "-d", "60") as term:
        term.wait_for("by sessions, every 60 s")
        term.type("s")
        term.wait_for("by bindings")
        term.type("SS")
        term.wait_for("by icmp")
        equal(("/v1/subscribers", "sort=icmp&top=100") in fake.asked, True)
        for keys, text in (("+", "120"), ("--", "30"), ("-" * 20, "0.1"),
                           ("+" * 40, "6")):
            term.type(keys)
            term.wait_for(f"every {text}")
        term.type("q")
        equal(term.wait(), 0)


@case("p pauses, a blank is a sample now, h is help, other keys nothing")
def _():
    with daemon() as fake, top(fake, "-d", "3600", "--sort", "tcp") as term:
        term.until(lambda: has_rates(term), "the second sample")
        asked = len(fake.asked)
        term.type("p")
        term.wait_for("paused, by tcp")
        term.type("h")
        term.wait_for("this help")
        term.type("x")
        term.wait_for("this help", gone=True)
        term.type("\x1b[A\x1b[15~\x0c\t\n\x00\xe9?")
        term.wait_for("this help")
        term.type("?")
        term.wait_for("paused")
        term.type(" ")
        term.until(lambda: len(fake.asked) == asked + 3, "one sample")
        term.type("-" * 20)
        term.wait_for("every 0.1")
        term.type(" ")
        term.until(lambda: len(fake.asked) == asked + 6, "another one")
        term.type("p")
        term.wait_for("paused", gone=True)
        term.until(lambda: len(fake.asked) > asked + 12, "samples")
        term.signal(signal.SIGSTOP)
        term.resize(60, 20)
        term.signal(signal.SIGCONT)
        term.wait_for("BINDINGS", gone=True)
        term.type("Q")
        equal(term.wait(), 0)


@case("Ctrl-Z gives the terminal to the shell, and fg takes it again")
def _():
    with daemon() as fake, Terminal(
            ["bash", "--norc", "--noprofile", "-i"], 100, 24,
            env={"PS1": "ready> ", "HISTFILE": None}) as term:
        term.wait_for("ready>")
        term.type(f"{NAT64CTL} -s {fake.socket} top -d 0.1\n")
        term.wait_for("SUBSCRIBER")
        term.type("\x1a")
        term.wait_for("Stopped")
        term.type("echo mo''re\n")
        term.wait_for("\nmore")
        asked = len(fake.asked)
        term.resize(120, 30)
        term.type("fg\n")
        term.until(lambda: term.lines()[0].startswith("nat64d 1.0") and
                   "2001:db8:0:a::/64" in term.text(), "the screen")
        term.until(lambda: len(fake.asked) > asked + 6, "samples")
        term.type("q")
        term.wait_for("ready>")
        term.type("exit 5\n")
        equal(term.wait(), 5)


@case("a daemon that goes away is said, and found again")
def _():
    with daemon() as fake, top(fake, "-d", "0.1") as term:
        term.until(lambda: has_rates(term), "rates")
        fake.stop()
        term.wait_for("no answer  nat64ctl: ")
        term.wait_for("SUBSCRIBER")
        fake.sample.pid = 2
        fake.start()
        term.wait_for("no answer", gone=True)
        term.until(lambda: has_rates(term), "rates")
        fake.answers["/v1/counters"] = {"error": "not\x1b[2J now"}
        term.wait_for("not\\u001b[2J now")
        fake.answers["/v1/counters"] = fake.sample.counters
        term.wait_for("no answer", gone=True)
        fake.stop()
        term.wait_for("no answer")
        term.type("q")
        equal((term.wait(), term.is_restored()), (0, True))
        fake.start()


@case("a daemon that hangs is said, and keys work meanwhile")
def _():
    with daemon() as fake:
        for last in ("q", "\x03"):
            with top(fake, "-d", "0.1") as term:
                term.until(lambda t=term: has_rates(t), "rates")
                fake.hang()
                term.wait_for("nat64d does not answer")
                term.type("h")
                term.wait_for("this help")
                term.type("h")
                term.resize(40, 20)
                term.wait_for("waiting")
                term.wait_for("BINDINGS", gone=True)
                if last == "q":
                    fake.go_on()
                    term.wait_for("waiting", gone=True)
                    fake.hang()
                    term.wait_for("waiting")
                term.type(last)
                equal((term.wait(), term.is_restored()), (0, True))
            fake.go_on()


@case("a terminal that is unknown, or cannot do it, is an error; -b is not")
def _():
    with daemon() as fake:
        for name, text in ((None, b"TERM is not set"),
                           ("", b"TERM is not set"),
                           ("nonsense", b"TERM=nonsense: this host does not"),
                           ("dumb", b"TERM=dumb: such a terminal cannot")):
            with top(fake, env={"TERM": name}) as term:
                equal(term.wait(), 2, name)
                equal((text in term.raw, b"-b" in term.raw,
                       term.controls(), term.is_restored()),
                      (True, True, [], True), term.raw)
            with top(fake, "-bn1", "-d.1", env={"TERM": name}) as term:
                equal(term.wait(), 0, name)
        for name in ("vt100", "xterm", "ansi"):
            with top(fake, env={"TERM": name}) as term:
                term.until(lambda t=term: b"SUBSCRIBER" in t.raw, name)
                term.type("q")
                equal((term.wait(), term.is_restored()), (0, True), name)


@case("dns64ctl: text, JSON, a screen of any size, and the order")
def _():
    with daemon(Dns64d, warnings=["upstream 192.0.2.1:53 does not answer"]) \
            as fake:
        done = subprocess.run(
            [DNS64CTL, "-s", fake.socket, "top", "-bn1", "-d.1"],
            capture_output=True, timeout=PATIENCE, check=True)
        for pattern in (rb"^warning    upstream 192",
                        rb"^queries    [0-9.]+[kM]?/s over UDP",
                        rb"^cache      67 % of [0-9.]+[kM]? questions/s  67 % "
                        rb"of ", rb"^192.0.2.1:53  up +1.5 +0 +0 +1 +7 +9$",
                        rb"^2001:db8::1 +49 +1$"):
            equal(len(re.findall(pattern, done.stdout, re.M)), 1,
                  (pattern, done.stdout))
        equal(("/v1/clients", "top=10") in fake.asked, True)
        with Terminal([DNS64CTL, "-s", fake.socket, "top", "-d.1"], 80,
                      24) as term:
            for key, order in (("", "queries"), ("s", "latency"),
                               ("s", "lost"), ("s", "queries")):
                term.type(key)
                term.wait_for(f"by {order}")
                first = "1" if order == "lost" else "3"
                term.until(lambda n=first: re.search(
                    rf"UPSTREAM.*\n192.0.2.{n}", term.text()), order)
            for columns, rows in ((40, 24), (1, 1), (300, 100), (20, 5)):
                term.resize(columns, rows)
                asked = len(fake.asked)
                term.until(lambda n=asked: len(fake.asked) > n + 8,
                           "samples")
            term.resize(80, 40)
            term.wait_for("2001:db8::14")
            term.signal(signal.SIGTERM)
            equal((term.wait(), term.is_restored()), (-signal.SIGTERM, True))


@case("what a daemon says cannot command the screen")
def _():
    evil = "\x1b]0;x\x07\x1b[2J\x9b2J\r\n\u202e\u00e4"
    for locale, last in (("C.UTF-8", "\u00e4"), ("C", "\\u00e4")):
        with daemon(warnings=[evil], reasons=(evil,)) as fake, top(
                fake, "-d0.1", columns=200, env={"LC_ALL": locale}) as term:
            shown = r"\u001b]0;x\u0007\u001b[2J\u009b2J\u000d\u000a\u202e"
            term.until(lambda: term.text().count(shown + last) == 2, "text")
            equal((b"\x1b]0;" in term.raw, b"\x1b[2J\xc2" in term.raw,
                   b"\xc2\x9b" in term.raw, term.screen.title),
                  (False, False, False, ""))
            term.type("q")
            equal(term.wait(), 0)
        with daemon(Dns64d, state=evil) as fake, Terminal(
                [DNS64CTL, "-s", fake.socket, "top", "-d.1"], 200, 24,
                env={"LC_ALL": locale}) as term:
            term.wait_for(shown + last)
            equal((b"\x1b]0;" in term.raw, b"\xc2\x9b" in term.raw),
                  (False, False))


if __name__ == "__main__":
    sys.exit(main())
