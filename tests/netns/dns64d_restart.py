#!/usr/bin/python3
"""dns64d with sockets of a service manager: a restart loses no query.

    clients (this script) --- sockets of this script, which is the manager
                              |          |
                              dns64d     the next dns64d --- FakeUpstream

Needs no root and no network. Prints TAP.
"""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import (PROGRAM, TIMEOUT, Daemon, case, equal, framed, free_port,
                 main, read_framed, read_octets, records, until)

import dns.message

import behaviours as does
from fake_upstream import FakeUpstream

# Descriptors from 3 on, as systemd gives them.
ACTIVATE = """
import fcntl, os, sys
fds = [fcntl.fcntl(int(n), fcntl.F_DUPFD, 100) for n in sys.argv[2].split()]
for i, fd in enumerate(fds):
    os.dup2(fd, 3 + i)
os.closerange(3 + len(fds), 200)
pid = os.getpid() if sys.argv[1] == "own" else 1
os.environ.update(LISTEN_PID=str(pid), LISTEN_FDS=str(len(fds)))
os.execv(sys.argv[3], sys.argv[3:])
"""
RATE = 2000  # queries in a second
NAMES = 40
QUERIES_BIG = 200  # whose answers no buffer of a socket has room for


@contextlib.contextmanager
def manager(kinds=(socket.SOCK_DGRAM, socket.SOCK_STREAM), copies=1):
    """A port of 127.0.0.1 and sockets that are bound to it."""
    port = free_port()
    with contextlib.ExitStack() as stack:
        socks = []
        for kind in kinds:
            for _ in range(copies):
                sock = socket.socket(socket.AF_INET, kind)
                stack.enter_context(sock)
                if copies > 1:
                    sock.setsockopt(socket.SOL_SOCKET,
                                    socket.SO_REUSEPORT, 1)
                sock.bind(("127.0.0.1", port))
                if kind == socket.SOCK_STREAM:
                    sock.listen(64)
                socks.append(sock)
        yield port, socks


def activated(socks, command, pid="own"):
    """The command of a process that is given sockets."""
    return [sys.executable, "-c", ACTIVATE, pid,
            " ".join(str(s.fileno()) for s in socks), *map(str, command)]


class Activated(Daemon):
    """A daemon that a manager has started."""

    def __init__(self, up, port, socks, pid="own", extra=""):
        self.given = port
        self.socks = socks
        self.pid = pid
        super().__init__(up, extra=extra, spread=True)

    def statements(self, upstreams, prefix):
        self.port = self.given
        return super().statements(upstreams, prefix)

    def command(self):
        return activated(self.socks, super().command(), self.pid)

    def start(self):
        command = self.command()
        for sock in self.socks:
            sock.set_inheritable(True)
        popen = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.out,
            stderr=self.err, cwd=self.tmp.name, close_fds=False)
        self.process = popen
        until(lambda: popen.poll() is not None or "running" in self.log(),
              "start")
        return popen.poll() is None

    def leave(self):
        """Tell it to leave, and wait for that."""
        self.process.send_signal(signal.SIGTERM)
        equal(self.process.wait(TIMEOUT), 0, "exit status")


class Load:
    """RATE queries in a second over UDP, each of which is to be answered.

    The answers to half of them come from upstream, some time later.
    """

    def __init__(self, port):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.sock.connect(("127.0.0.1", port))
        self.sock.settimeout(0.1)
        self.sent = 0
        self.open = {}  # id: when it was sent
        self.bad = []
        self.ending = False
        self.threads = [threading.Thread(target=t, daemon=True)
                        for t in (self.send, self.receive)]
        for thread in self.threads:
            thread.start()

    def send(self):
        """Send in small steps, and fewer on a busy machine: after a pause no
        more are sent at once than dns64d has room for."""
        wires = [dns.message.make_query(
            f"{'slow' if n % 2 else 'quick'}{n}.example.",
            "AAAA").to_wire()[2:] for n in range(NAMES)]
        step = 0.005
        while not self.ending:
            due = self.sent + int(RATE * step)
            while self.sent < due and len(self.open) < 1000:
                number = self.sent % 65536
                self.open[number] = time.monotonic()
                self.sock.send(number.to_bytes(2, "big") +
                               wires[self.sent % NAMES])
                self.sent += 1
            time.sleep(step)

    def receive(self):
        """Every answer must be a good one, and of an open query."""
        while not self.ending or self.open:
            try:
                wire = self.sock.recv(4096)
            except TimeoutError:
                if self.ending and not any(
                        time.monotonic() - t < TIMEOUT
                        for t in self.open.copy().values()):
                    return
                continue
            if self.open.pop(int.from_bytes(wire[:2], "big"), None) is None \
                    or wire[3] & 15 != 0:
                self.bad.append(wire[:4])

    def sends(self, count):
        """Wait until so many more were sent."""
        goal = self.sent + count
        until(lambda: self.sent >= goal, "queries")

    def finish(self):
        """All queries were answered."""
        self.ending = True
        for thread in self.threads:
            thread.join(3 * TIMEOUT)
        self.sock.close()
        equal((len(self.open), self.bad), (0, []),
              f"lost and wrong of {self.sent}")


def fill(up):
    """Names whose replies take some time, and are not kept."""
    for n in range(NAMES):
        if n % 2:
            up.add(f"slow{n}.example. 0 AAAA 2001:db8:1::1")
            up.script(f"slow{n}.example.", "AAAA", does.after(0.2))
            up.script(f"slow{n}.example.", "A", does.after(0.2))
        else:
            up.add(f"quick{n}.example. 300 A 192.0.2.33")


@case("the next process starts before the old one leaves: no query is lost")
def _(_, up):
    with FakeUpstream() as own_up, manager() as (port, socks):
        fill(own_up)
        old = Activated(own_up, port, socks)
        load = Load(port)
        try:
            for _ in range(4):
                load.sends(RATE // 4)
                new = Activated(own_up, port, socks)
                load.sends(RATE // 8)
                old.leave()
                equal("which are answered first" in old.log(), True, "log")
                old.stop()
                old = new
            load.sends(RATE // 4)
        finally:
            load.finish()
            old.stop()


@case("the old process leaves before the next one starts: no query is lost")
def _(_, up):
    with FakeUpstream() as own_up, manager() as (port, socks):
        fill(own_up)
        own = Activated(own_up, port, socks)
        load = Load(port)
        try:
            load.sends(RATE // 2)
            own.leave()
            equal(own.start(), True, "start")
            load.sends(RATE // 2)
        finally:
            load.finish()
            own.stop()


@case("queries in progress are answered before the end, by the last one")
def _(_, up):
    with manager() as (port, socks), \
            Activated(up, port, socks) as own, own.udp() as sock:
        up.add("long.example. 300 AAAA 2001:db8:1::2")
        up.script("long.example.", "AAAA", does.after(0.5))
        sock.send(dns.message.make_query("long.example.", "AAAA").to_wire())
        until(lambda: up.asked("long.example."), "question")
        own.leave()
        equal(records(dns.message.from_wire(sock.recv(4096)), "AAAA"),
              ["2001:db8:1::2"])


@case("answers that wait for a slow reader over TCP are complete at the end")
def _(_, up):
    big = "\n".join(f'local-data "big.example TXT {n:03}{"x" * 247}"'
                    for n in range(150))
    with manager() as (port, socks), \
            Activated(up, port, socks, extra=big) as own, \
            socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        sock.settimeout(TIMEOUT)
        sock.connect((own.addr, own.port))
        query = dns.message.make_query("big.example.", "TXT").to_wire()
        sock.sendall(framed(query) * QUERIES_BIG)
        # It answers no more of them until some answers are read.
        until(lambda: 0 < own.stats()["local"] == own.stats()["local"],
              "answers")
        own.process.send_signal(signal.SIGTERM)
        until(lambda: "answered first: 1" in own.log(), "log")
        # dns64d waits five seconds for a reader. Parsing takes longer, and so
        # does reading with a small window on a busy machine.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        with sock.makefile("rb") as stream:
            answers = [read_octets(stream) for _ in range(QUERIES_BIG)]
        for answer in answers:
            equal(len(records(dns.message.from_wire(answer), "TXT")), 150)
        equal(own.process.wait(TIMEOUT), 0, "exit status")


@case("a query over TCP in progress is answered before the end")
def _(_, up):
    for n in range(8):
        with manager() as (port, socks), \
                Activated(up, port, socks) as own, own.tcp() as sock, \
                sock.makefile("rb") as stream:
            name = f"long{n}.example."
            up.add(f"{name} 300 AAAA 2001:db8:1::2")
            up.script(name, "AAAA", does.after(0.1))
            sock.sendall(framed(dns.message.make_query(name, "AAAA")
                                .to_wire()))
            until(lambda asked=name: up.asked(asked), "question")
            own.leave()
            equal(records(read_framed(stream), "AAAA"), ["2001:db8:1::2"])


@case("a second SIGTERM ends it at once")
def _(_, up):
    with manager() as (port, socks), \
            Activated(up, port, socks) as own, own.udp() as sock:
        up.script("hole.example.", "AAAA", does.silence)
        up.script("hole.example.", "A", does.silence)
        sock.send(dns.message.make_query("hole.example.", "AAAA").to_wire())
        until(lambda: up.asked("hole.example."), "question")
        own.process.send_signal(signal.SIGTERM)
        until(lambda: "answered first: 1" in own.log(), "log")
        equal(own.process.poll(), None, "status")
        own.process.send_signal(signal.SIGTERM)
        equal(own.process.wait(2), 0, "exit status")
        equal(dns.message.from_wire(sock.recv(4096)).rcode(), 2, "rcode")


@case("workers share the sockets, or have one each, for UDP and TCP")
def _(_, up):
    up.add("both.example. 300 AAAA 2001:db8:1::3")
    for copies, workers in ((1, 1), (1, 3), (2, 2)):
        with manager(copies=copies) as (port, socks), Activated(
                up, port, socks, extra=f"workers {workers}") as own:
            for _ in range(20):
                for tcp in (False, True):
                    equal(records(own.ask("both.example.", tcp=tcp),
                                  "AAAA"), ["2001:db8:1::3"])
            equal("not used" in own.log(), False, "log")


@case("a socket that no statement names is reported")
def _(_, up):
    up.add("some.example. 300 AAAA 2001:db8:1::4")
    with manager() as (_, others), manager() as (port, socks), \
            Activated(up, port, socks + others) as own:
        for tcp in (False, True):
            equal(records(own.ask("some.example.", tcp=tcp), "AAAA"),
                  ["2001:db8:1::4"])
        addr = "127.0.0.1:{}".format(others[0].getsockname()[1])
        for text in (f"5 of LISTEN_FDS, udp {addr}, is not used",
                     f"6 of LISTEN_FDS, tcp {addr}, is not used"):
            equal(text in own.log(), True, own.log())


@case("sockets of another process are not taken")
def _(_, up):
    with manager() as (_, others):
        port = free_port()
        with Activated(up, port, others, pid="other") as own:
            equal("LISTEN_FDS" in own.log(), False, own.log())


@case("what cannot be used ends the start, with the reason")
def _(daemon, _):
    with contextlib.ExitStack() as stack:
        both = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        both.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        both.bind(("::", free_port("::1")))
        connection = socket.create_connection((daemon.addr, daemon.port))
        for sock, text in (
                (both, "receives IPv4 as well: say "
                 "\"BindIPv6Only=ipv6-only\""),
                (connection, "is a connection: say \"Accept=no\""),
                (socket.socket(socket.AF_UNIX), "is no socket of IPv4 or"),
                (open(os.devnull, "rb"), "descriptor 3 of LISTEN_FDS: ")):
            stack.enter_context(sock)
            os.set_inheritable(sock.fileno(), True)
            done = subprocess.run(
                activated([sock], [PROGRAM, "-d", "-f", daemon.conf]),
                capture_output=True, text=True, timeout=TIMEOUT,
                check=False, close_fds=False)
            equal((done.returncode, text in done.stderr), (1, True),
                  done.stderr)


if __name__ == "__main__":
    sys.exit(main(FakeUpstream))
