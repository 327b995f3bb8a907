#!/usr/bin/python3
"""No text from a daemon or from the network commands the terminal in which
nat64ctl or dns64ctl runs. Needs no root. Prints TAP.

    pseudo terminal --- nat64ctl, dns64ctl --- FakeDaemon
"""

import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "ctl"))

from cases import DNS64CTL, NAT64CTL, case, equal, main
from fake_daemon import FakeDaemon
from terminal import PATIENCE, Terminal

# Clears the screen; sets the title; CSI in one character; a false line.
EVIL = "\x1b[2J\x1b]0;x\x07\x9b2Jä\nok\r\x7f\u202e"
SHOWN = r"\u001b[2J\u001b]0;x\u0007\u009b2J"
EVENT = {"time": EVIL, "event": EVIL, "client": EVIL, "qname": EVIL,
         "time-ms": 0, "usecs": 1, EVIL: EVIL}
ROW = {"transport-protocol": EVIL, "internal-src-address": EVIL,
       "internal-src-port": 1, "address": EVIL, "state": EVIL,
       "domains": [EVIL], "client": EVIL}
STATUS = {"name": EVIL, "version": EVIL, "pid": 1, "uptime": 1, "since": EVIL,
          "warnings": [EVIL], "pool": [{"transport-protocol": EVIL}],
          "dropped": {"top-reason": EVIL}}

COMMANDS = (
    (NAT64CTL, "status", "/v1/status", STATUS),
    (NAT64CTL, "show counters", "/v1/counters", {"counters": {EVIL: 1}}),
    (NAT64CTL, "show config", "/v1/config", {"config": EVIL}),
    (NAT64CTL, "show sessions", "/v1/sessions",
     '{"sessions": [\n' + json.dumps(ROW) + "\n]}\n"),
    (NAT64CTL, "monitor", "/v1/monitor", json.dumps(EVENT) + "\n"),
    (NAT64CTL, "drops", "/v1/drops", json.dumps(EVENT) + "\n"),
    (NAT64CTL, "flush", "/v1/flush", {"error": EVIL}),
    (NAT64CTL, "status", "/v1/status", EVIL),
    (NAT64CTL, "-j status", "/v1/status", STATUS),
    (NAT64CTL, "-j status", "/v1/status", {"error": EVIL}),
    (DNS64CTL, "status", "/v1/status", STATUS),
    (DNS64CTL, "show upstreams", "/v1/upstreams", {"upstreams": [ROW]}),
    (DNS64CTL, "show clients", "/v1/clients", {"clients": [ROW]}),
    (DNS64CTL, "monitor", "/v1/monitor", json.dumps(EVENT) + "\n"),
    (DNS64CTL, "-j monitor", "/v1/monitor", json.dumps(EVENT) + "\n"),
    (DNS64CTL, "reload", "/v1/reload", {"warnings": EVIL}),
    (DNS64CTL, "log level info", "/v1/log", {"level": EVIL}),
)


def run(program, words, path, answer, **how):
    """What the terminal was sent."""
    with FakeDaemon({path: answer}) as fake, Terminal(
            [program, "-s", fake.socket, *words.split()], columns=200,
            **how) as term:
        term.wait()
        equal(term.controls(), [], f"{words}: {term.raw}")
        return term.raw.decode("utf-8", "replace")


@case("each command shows control characters escaped")
def _():
    for command in COMMANDS:
        shown = run(*command)
        equal([c for c in shown if 0x7f <= ord(c) < 0xa0 or
               ord(c) in (0x202e, 0xfffd)], [], command[1])
        equal(r"\u001b" in shown or "no JSON" in shown, True,
              f"{command[1]}: {shown}")


@case("a terminal without UTF-8 gets none")
def _():
    for command in COMMANDS:
        for locale in ("C", "POSIX"):
            shown = run(*command, env={"LC_ALL": locale})
            equal([c for c in shown if ord(c) > 126], [], command[1])


@case("nor does one with a locale that the system does not have")
def _():
    for command in COMMANDS:
        shown = run(*command, env={"LC_ALL": "en_XX.ISO-8859-1"})
        equal([c for c in shown if ord(c) > 126], [], command[1])


@case("a name with a newline is one line")
def _():
    for program in (NAT64CTL, DNS64CTL):
        shown = run(program, "monitor", "/v1/monitor",
                    json.dumps(EVENT) + "\n")
        equal(shown.count("\n"), 1, shown)
        equal(SHOWN + r"ä\u000aok\u000d\u007f\u202e" in shown, True, shown)


@case("-j in a terminal is the same JSON")
def _():
    shown = run(NAT64CTL, "-j status", "/v1/status", STATUS)
    equal(json.loads(shown), STATUS)


@case("a file gets the JSON as it came, and the configuration as it is")
def _():
    config = "view \"b\u00fcro\u202e\"\n\tmatch\n"
    with FakeDaemon({"/v1/config": {"config": config},
                     "/v1/status": STATUS}) as fake:
        for words, expected in (
                (("show", "config"), config),
                (("-j", "status"), json.dumps(STATUS, ensure_ascii=False))):
            done = subprocess.run(
                [NAT64CTL, "-s", fake.socket, *words], capture_output=True,
                env={"LC_ALL": "C"}, timeout=PATIENCE, check=True)
            equal(done.stdout.decode(), expected, words)


@case("packets are not written to a terminal")
def _():
    shown = run(NAT64CTL, "drops --pcap -", "/v1/drops", b"\n\r\r\n\x1b")
    equal("standard output is a terminal" in shown, True, shown)


if __name__ == "__main__":
    sys.exit(main())
