#!/usr/bin/python3
"""dns64d with several workers: all are used, and they share what they should.

    client (this script), many ports --- dns64d on 127.0.0.1 --- FakeUpstream

The other tests of dns64d, which tests/run.sh also runs with two workers, show
what each worker does. Needs no root and
no network. Prints TAP.
"""

import contextlib
import pathlib
import re
import signal
import socket
import sys
import threading

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import (PREFIX, SANITIZED, TIMEOUT, Daemon, case, equal, framed,
                 free_port, main, option, read_framed, records, until)

import dns.edns
import dns.message
import dns.rcode

from steer import steer
from fake_upstream import FakeUpstream, silence

PORTS = 40  # of clients; that one of two workers gets none: 2^-39
MANY_PORTS = 120  # that one of four workers gets less than two: 2^-42
ROOM = "limit tcp-clients 1000\nlimit tcp-per-client 1000\n"
COOKIE = 10
CLIENT_COOKIE = b"\1\2\3\4\5\6\7\x08"


def spread(up, extra="", workers=2):
    """A daemon whose workers share the clients."""
    return Daemon(up, extra=f"workers {workers}\n{extra}", spread=True)


def by_worker(own):
    """How many queries each worker has received."""
    return [int(n) for n in re.findall(r"^worker \d+ queries (\d+)$",
                                       own.stats_text(), re.M)]


@contextlib.contextmanager
def many(own, how, ports=PORTS):
    """Sockets of many ports."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(how()) for _ in range(ports)]


def ask_all(own, query):
    """The answers to a question that many ports ask at once."""
    with many(own, own.udp) as socks:
        for sock in socks:
            sock.send(query.to_wire())
        return [dns.message.from_wire(sock.recv(65535)) for sock in socks]


def ask_all_tcp(own, query):
    """The same over TCP."""
    with many(own, own.tcp) as socks:
        for sock in socks:
            sock.sendall(framed(query.to_wire()))
        return [read_framed(sock.makefile("rb")) for sock in socks]


def answers(replies):
    """The different answers among the replies."""
    return {tuple(records(reply, "AAAA")) for reply in replies}


def query(name="v4.example.", rdtype="AAAA", **how):
    """A query."""
    return dns.message.make_query(name, rdtype, **how)


@case("clients come to both workers, and the counters are of both")
def _(_, up):
    with spread(up, ROOM) as own:
        equal(answers(ask_all(own, query())), {(f"{PREFIX}c000:221",)}, "UDP")
        before = by_worker(own)
        equal((len(before), min(before) > 0, sum(before)), (2, True, PORTS),
              str(before))
        equal(answers(ask_all_tcp(own, query())), {(f"{PREFIX}c000:221",)},
              "TCP")
        after = by_worker(own)
        gained = [b - a for a, b in zip(before, after)]
        equal((min(gained) > 0, sum(gained)), (True, PORTS), str(gained))
        stats = own.stats()
        equal((stats["queries-udp"], stats["queries-tcp"],
               stats["tcp-accepted"], stats["synthesised"]),
              (PORTS, PORTS, PORTS, 2 * PORTS))
        equal(stats["upstream-udp"], 4, "each worker asks for A and AAAA")


@case("what is granted to all is shared out")
def _(_, up):
    with spread(up, "limit queries 100\nlimit cache 4000000\n"
                "limit tcp-clients 8", 4) as own:
        text = own.stats_text()
        equal(re.findall(r"^queries open 0 of (\d+)$", text, re.M),
              ["25"] * 4)
        equal(re.findall(r"^cache .* of (\d+) ", text, re.M),
              ["1000000"] * 4)
        with many(own, own.tcp, MANY_PORTS):
            until(lambda: sum(own.stats()[n] for n in (
                "tcp-idle", "tcp-refused")) == MANY_PORTS - 8, "limit")


# Shows: DNS64-73
@case("a cookie of one worker is good with the other")
def _(_, up):
    with spread(up) as own:
        def with_cookie(octets):
            empty = query(use_edns=0, options=[
                dns.edns.GenericOption(COOKIE, octets)])
            empty.question = []
            return empty
        replies = ask_all(own, with_cookie(CLIENT_COOKIE))
        for reply in (replies[0], replies[-1]):
            cookie = option(reply, COOKIE).data
            equal({r.rcode() for r in ask_all(own, with_cookie(cookie))},
                  {dns.rcode.NOERROR}, "good one")
        forged = with_cookie(cookie[:-1] + bytes([cookie[-1] ^ 1]))
        equal({r.rcode() for r in ask_all(own, forged)},
              {dns.rcode.BADCOOKIE}, "forged one")


@case("SIGHUP reaches both workers, with new listeners and without old ones")
def _(_, up):
    with spread(up, ROOM) as own:
        ask_all(own, query())
        port = free_port()
        own.write(f"workers 2\nprefix 2001:db8:65::/96\n{ROOM}"
                  f"listen on 127.0.0.1 port {port}")
        own.signal(signal.SIGHUP, "reload: done")
        both = (f"{PREFIX}c000:221", "2001:db8:65::c000:221")
        equal(answers(ask_all(own, query())), {both}, "old port")
        equal(own.stats()["upstream-udp"], 8, "the caches were emptied")
        own.port, old = port, own.port
        equal(answers(ask_all(own, query())), {both}, "new port")
        equal(answers(ask_all_tcp(own, query())), {both}, "TCP")
        own.base[0] = f"listen on 127.0.0.1 port {port}"
        own.write("workers 2")
        own.signal(signal.SIGHUP, "reload: done")
        equal(answers(ask_all(own, query())), {both[:1]}, "again")
        own.port = old
        equal(is_closed(own), True, "old port")


def is_closed(own):
    """True when nobody listens at any of many tries."""
    def refused():
        with own.udp() as sock:
            sock.send(b"x" * 20)
            try:
                sock.recv(100)
            except ConnectionError:
                return True
        return False
    try:
        own.tcp().close()
        return False
    except ConnectionError:
        return all(refused() for _ in range(PORTS))


@case("what SIGHUP refuses changes neither worker")
def _(_, up):
    with spread(up) as own:
        old, port = own.port, free_port()
        for extra, message in (
                ("workers 3", '"workers" has changed'),
                ("workers 2\nprefix 2001:db8:65::/96\nnonsense",
                 "unknown statement"),
                ("workers 2\nprefix 2001:db8:65::/96\n"
                 f"listen on 127.0.0.1 port {port}\n"
                 "listen on 127.0.0.1 port 53", "needs a restart")):
            own.write(extra)
            own.signal(signal.SIGHUP, "the old configuration stays")
            equal(message in own.log(), True, message + own.log())
            equal(answers(ask_all(own, query())),
                  {(f"{PREFIX}c000:221",)}, message)
        own.port = port
        equal(is_closed(own), True, "new port")
        own.port = old


@case("an address that somebody shares is refused, and taken when he leaves")
def _(_, up):
    with spread(up) as own:
        port = free_port()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            other.bind(("127.0.0.1", port))
            own.write(f"workers 2\nlisten on 127.0.0.1 port {port}")
            own.signal(signal.SIGHUP, "the old configuration stays")
            equal("in use" in own.log(), True, own.log())
        own.signal(signal.SIGHUP, "reload: done")


@case("questions that are open at both workers survive SIGHUP")
def _(_, up):
    up.add("slow.example. 300 A 192.0.2.18")
    up.script("slow.example.", "A", lambda ask: threading.Timer(
        1, lambda: ask.send(ask.from_zone())).start())
    with spread(up) as own, many(own, own.udp) as socks:
        for sock in socks:
            sock.send(query("slow.example.", "A").to_wire())
        until(lambda: min(by_worker(own)) > 0 and
              sum(by_worker(own)) == PORTS, "queries")
        own.signal(signal.SIGHUP, "reload: done")
        equal({tuple(records(dns.message.from_wire(sock.recv(65535)), "A"))
               for sock in socks}, {("192.0.2.18",)})


@case("SIGTERM ends both, their open questions answered SERVFAIL")
def _(_, up):
    with FakeUpstream() as mute:
        mute.everything = silence
        own = spread(mute)
        with many(own, own.udp) as socks:
            for sock in socks:
                sock.send(query().to_wire())
            until(lambda: min(by_worker(own)) > 0 and
                  sum(by_worker(own)) == PORTS, "queries")
            own.process.send_signal(signal.SIGTERM)
            equal({dns.message.from_wire(sock.recv(65535)).rcode()
                   for sock in socks}, {dns.rcode.SERVFAIL})
        equal(own.process.wait(TIMEOUT), 0, "exit status")
        own.stop()


@case("nobody goes without an answer during reloads and statistics")
def _(_, up):
    with spread(up) as own:
        stop, lost = threading.Event(), []

        def client():
            while not stop.is_set():
                with own.udp() as sock:
                    sock.send(query().to_wire())
                    try:
                        sock.recv(65535)
                    except OSError as error:
                        lost.append(error)
        clients = [threading.Thread(target=client) for _ in range(4)]
        for thread in clients:
            thread.start()
        for _ in range(20):
            own.signal(signal.SIGHUP, "reload: done")
            own.stats()
        stop.set()
        for thread in clients:
            thread.join()
        equal(lost, [])


def threads(own):
    """What the system says of each thread."""
    tasks = pathlib.Path(f"/proc/{own.process.pid}/task")
    return [(task / "status").read_text() for task in tasks.iterdir()]


@case("there is a thread for each worker and one for reloads, all in the "
      "sandbox")
def _(d, up):
    if not pathlib.Path("/proc/self/task").exists():
        return
    for workers in (1, 2, 64):
        with spread(up, f"workers {workers}") as own:
            found = threads(own)
            ask_all(own, query())
            # A sanitizer may have one of its own.
            equal(len(found) - SANITIZED <= workers + 1 <= len(found), True,
                  f"{len(found)} threads")
            if SANITIZED:
                continue
            for line in ("NoNewPrivs:\t1", "Seccomp:\t2",
                         "CapEff:\t0000000000000000"):
                equal([line in status for status in found],
                      [True] * (workers + 1), line)


@case("the log tells which worker it was")
def _(_, up):
    with FakeUpstream() as mute, spread(mute) as own, \
            many(own, own.udp) as socks:
        mute.everything = silence
        steer(own.process.pid, 1)
        for number, sock in enumerate(socks):
            sock.send(query(f"n{number}.example.").to_wire())
        down = f"upstream {mute.addr}:{mute.port}: down\n"
        until(lambda: f"dns64d: worker 2: {down}" in own.log(), "down")
        # The other one knows it from this one.
        equal(own.log().count(down), 1, own.log())


def upstream():
    """The upstream that the cases share."""
    up = FakeUpstream()
    up.add("v4.example. 300 A 192.0.2.33")
    return up


if __name__ == "__main__":
    sys.exit(main(upstream))
