"""How long packets wait while nat64d does something else that is long.

A table of a million sessions is listed, listed to a client that reads nothing,
printed, saved and removed, and new sessions are reported to a client, while
a request is sent every millisecond. The percentiles of the time to the answer
stand beside those of an idle nat64d, because the machine has pauses of its own.
"""

import json
import signal
import socket
import subprocess
import time

from lab import NOBODY, SERVER, SERVER_FROM_CLIENT, from_client, until
from rounds import SECS

PORT = 7100
SESSIONS = 1000000
MONITORED = 5000   # new sessions per second
STATE_SECS = 20    # between two saves


class Subject:
    """One nat64d, with the requests that pass it."""

    def __init__(self, report, lab, system):
        self.report = report
        self.lab = lab
        self.system = system
        self.daemon = lab.daemons[system]
        self.dir = lab.own_dir(system)
        self.idle_p99 = None

    def ctl(self, *words, **more):
        return subprocess.Popen(
            [self.lab.build / "nat64d/ctl/nat64ctl", "-s",
             self.dir / "sock", *words], **more)

    def status(self):
        with self.ctl("-j", "status", stdout=subprocess.PIPE) as client:
            return json.load(client.stdout)

    def scatter(self, count, rate):
        return self.lab.start("client", self.lab.tool("udpblast"), "scatter",
                              from_client(NOBODY, self.system), count, rate)

    def measure(self, job, function):
        """Requests while the function runs."""
        probe = self.lab.start("client", self.lab.tool("udpblast"), "ask",
                               SERVER_FROM_CLIENT[self.system], PORT, 64, 120)
        time.sleep(0.2)
        start = time.monotonic()
        function(self)
        self._add(job, "duration", "s", time.monotonic() - start)
        found = dict(line.split()[:2]
                     for line in self.lab.stop(probe).splitlines())
        p99 = float(found["p99"])
        self._add(job, "p99 of answers", "us", p99)
        if self.idle_p99 is None:
            self.idle_p99 = p99
        else:
            self._add(job, "added at p99", "us", p99 - self.idle_p99)
        self._add(job, "longest answer", "us", float(found["max"]))
        self._add(job, "lost", "", float(found["lost"]))

    def _add(self, job, what, unit, value):
        self.report.add(f"pause: {job}, {what}", unit, self.system,
                        value)


def idle(_):
    time.sleep(SECS)


def show(subject):
    """nat64ctl show sessions -j, to its end."""
    with subject.ctl("-j", "show", "sessions",
                     stdout=subprocess.DEVNULL) as client:
        if client.wait() != 0:
            raise RuntimeError("nat64ctl show sessions")


def show_sorted(subject):
    with subject.ctl("-j", "show", "sessions", "--top", "1000",
                     stdout=subprocess.DEVNULL) as client:
        client.wait()


def read_nothing(subject):
    """The same request, by a client that stops reading."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(subject.dir / "sock"))
        client.send(b"GET /v1/sessions HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(SECS)


def monitor(subject):
    """While new sessions come."""
    client = subject.ctl("-j", "monitor", stdout=subprocess.DEVNULL)
    sender = subject.scatter(int(MONITORED * SECS), MONITORED)
    sender.wait()
    subject.lab.processes.remove(sender)
    client.terminate()
    client.wait()


def new_sessions(subject):
    """What monitor does, without a monitor."""
    sender = subject.scatter(int(MONITORED * SECS), MONITORED)
    sender.wait()
    subject.lab.processes.remove(sender)


def has_grown_to(path, before, text):
    """Does what came behind the first bytes end with the text? Without
    reading the whole file, which would disturb what is measured."""
    size = path.stat().st_size
    if size <= before:
        return False
    with path.open() as file:
        file.seek(max(0, size - len(text)))
        return file.read() == text


def by_signal(subject, signum, path, text):
    size = path.stat().st_size
    subject.daemon.send_signal(signum)
    until(lambda: has_grown_to(path, size, text), "end of the job", 60)


def dump(subject):
    by_signal(subject, signal.SIGUSR1,
              subject.lab.dir / f"{subject.system}.out", "\nend\n")


def flush(subject):
    by_signal(subject, signal.SIGHUP,
              subject.lab.dir / f"{subject.system}.err", "flushed\n")


def saved_at(subject):
    path = subject.dir / "state"
    return path.stat().st_mtime if path.exists() else 0


def save(subject):
    """From just before a save of the state to its end."""
    before = saved_at(subject)
    until(lambda: saved_at(subject) != before, "a state file",
          2 * STATE_SECS)


def after_a_save(subject):
    """So that none comes into what is measured next."""
    until(lambda: time.time() - saved_at(subject) < STATE_SECS / 3,
          "a state file", 2 * STATE_SECS)


def before_a_save(subject):
    until(lambda: STATE_SECS - 2 < time.time() - saved_at(subject),
          "time for a state file", 2 * STATE_SECS)


# Name, what to wait for before, what is done.
JOBS = (("idle", after_a_save, idle),
        ("list", after_a_save, show),
        ("sorted list", after_a_save, show_sorted),
        ("unread list", after_a_save, read_nothing),
        ("new sessions", after_a_save, new_sessions),
        ("monitored sessions", after_a_save, monitor),
        ("dump", after_a_save, dump),
        ("save", before_a_save, save),
        ("flush", after_a_save, flush))


def measure(report, lab, system):
    """All jobs, one after the other."""
    subject = Subject(report, lab, system)
    echo = lab.start_ready("server", lab.tool("udpblast"), "echo", SERVER,
                           PORT)
    filler = subject.scatter(SESSIONS, 50000)
    filler.wait()
    lab.processes.remove(filler)
    report.add("pause: sessions in the table", "", system,
               subject.status()["sessions"])
    for job, prepare, function in JOBS:
        prepare(subject)
        subject.measure(job, function)
    lab.stop(echo)


def goals(systems):
    """Figures to reach, for report.py: less than 5 ms more than idle."""
    return tuple((f"pause: {job}, added at p99", None, "<=", 5000, system)
                 for system in systems for job, _, _ in JOBS[1:])
