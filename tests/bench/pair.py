"""What replication costs the active node of a pair, with a real redis-server.

             .-- with ----.            store: redis-server
    client --+            +-- server   standby: follows "with"
             '-- without -'

Two nat64d without the fast path, of which one copies its sessions to the store.
The same new sessions pass both in turn, and the CPU time of the daemons is
compared. Then a million sessions are copied to a standby, and written again to
a store that has lost them, while a request is sent every millisecond. At last
the active node of a pair with keepalived dies, several times (failover.sh).
"""

import pathlib
import re
import shutil
import subprocess
import time

from lab import NOBODY, SERVER, Namespaces, run, until
from report import Subject
from rounds import ROUNDS, SECS, in_turn

GATEWAYS = ("with", "without")
RATE = 20000        # new sessions per second
AFTER_SECS = 1      # "replicate after": what is opened is copied in time
SETTLE_SECS = 2.5   # until all that was opened has been copied
SESSIONS = 1000000
FAILOVERS = 2 * ROUNDS + 1
FILL_RATE = 50000
PORT = 7200
STORE = "10.0.8.10"

CONF = """\
prefix 2001:db8:800{k}::/96
pool 192.0.2.{first}/28
fastpath no
tun nat64 mtu 1500
address 2001:db8:{k}::1
fair-share no
limit binding-sessions 100000
limit sessions 2097152
control "{own_dir}/sock"
pidfile "{own_dir}/pid"
user nobody
"""
REPLICATE = """\
replicate to redis://{store}
replicate key "{secrets}"
replicate node {node}
replicate after {after}s
"""


class PairLab(Namespaces):
    """The two gateways, the store and the standby."""

    def __init__(self, build):
        super().__init__(build)
        self.daemons = {}
        self.store = None

    def _build(self):
        self.dir.chmod(0o711)
        secrets = self.dir / "secrets"
        secrets.write_text("key 00112233445566778899aabbccddeeff\n")
        secrets.chmod(0o600)
        for role in ("client", "server", "store", "standby", *GATEWAYS):
            self._add_ns(role)
        self.ip("server", "addr", "add", f"{SERVER}/32", "dev", "lo")
        for k, role in enumerate(GATEWAYS, 1):
            self._link("client", role, [f"2001:db8:{k}::10/64"],
                       role, "client", [f"2001:db8:{k}::1/64"])
            self._link("server", role, [f"198.18.{k}.10/24"],
                       role, "server", [f"198.18.{k}.1/24"])
            self.ip(role, "route", "add", f"{SERVER}/32", "via",
                    f"198.18.{k}.10")
            self.ip(role, "route", "add", "blackhole", NOBODY)
            self.ip("client", "route", "add", f"2001:db8:800{k}::/96",
                    "via", f"2001:db8:{k}::1")
            self.ip("server", "route", "add",
                    f"192.0.2.{16 * (k - 1)}/28", "via", f"198.18.{k}.1")
        self._link("with", "store", ["10.0.8.1/24"],
                   "store", "with", [f"{STORE}/24"])
        self._link("standby", "store", ["10.0.7.1/24"],
                   "store", "standby", ["10.0.7.10/24"])
        self.ip("standby", "route", "add", f"{STORE}/32", "via", "10.0.7.10")
        self.start_store()
        for role in GATEWAYS:
            self.start_nat64d(role)
            until(lambda r=role: self._answers(r), f"{role} works")

    def _answers(self, role):
        return subprocess.run(
            self.command("client", "ping", "-c", "1", "-W", "1",
                         self.address(SERVER, role)),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            check=False).returncode == 0

    @staticmethod
    def address(address, role):
        """An IPv4 address as the client has to name it."""
        return f"2001:db8:800{GATEWAYS.index(role) + 1}::{address}"

    def start_store(self):
        """An empty one."""
        self.store = self.start(
            "store", "redis-server", "--bind", STORE, "10.0.7.10", "--save",
            "", "--protected-mode", "no", "--dir", self.dir,
            stdout=subprocess.DEVNULL)

    def lose_store(self):
        self.store.kill()
        self.store.wait()
        self.processes.remove(self.store)

    def start_nat64d(self, role):
        k = 2 if role == "without" else 1
        own_dir = self.dir / f"{role}.d"
        if not own_dir.exists():
            own_dir.mkdir()
            shutil.chown(own_dir, "nobody")
        conf = self.dir / f"{role}.conf"
        text = CONF.format(k=k, first=16 * (k - 1), own_dir=own_dir)
        if role != "without":
            text += REPLICATE.format(store=STORE, after=AFTER_SECS,
                                     secrets=self.dir / "secrets",
                                     node=2 if role == "standby" else 1)
        if role == "standby":
            text += "role standby\n"
        conf.write_text(text)
        with self.log(role).open("w") as err:
            self.daemons[role] = self.start(
                role, self.build / "nat64d/nat64d", "-d", "-f", conf,
                stdout=subprocess.DEVNULL, stderr=err)

    def log(self, role):
        return self.dir / f"{role}.err"

    def logged(self, role, regex, times=1):
        return len(re.findall(regex, self.log(role).read_text())) >= times

    def times(self, role, regex):
        return len(re.findall(regex, self.log(role).read_text()))

    def cpu_seconds(self, role):
        """By the scheduler's count: more exact than clock ticks."""
        path = f"/proc/{self.daemons[role].pid}/schedstat"
        return int(pathlib.Path(path).read_text().split()[0]) / 1e9

    def status(self, role):
        return run(str(self.build / "nat64d/ctl/nat64ctl"), "-s",
                   str(self.dir / f"{role}.d/sock"), "status")

    def sessions(self, role):
        found = re.search(r"^sessions +(\d+)", self.status(role), re.M)
        return int(found.group(1))

    def scatter(self, role, count, rate):
        sender = self.start("client", self.tool("udpblast"), "scatter",
                            self.address(NOBODY, role), count, rate)
        sender.wait()
        self.processes.remove(sender)


def cost(report, lab):
    """CPU time of a daemon for the same new sessions, with and without."""
    secs = max(SECS, 2.0)
    before = {}
    for _, role in in_turn([None], GATEWAYS):
        opened = lab.sessions(role)
        cpu = lab.cpu_seconds(role)
        lab.scatter(role, int(RATE * secs), RATE)
        time.sleep(SETTLE_SECS)
        used = lab.cpu_seconds(role) - cpu
        opened = lab.sessions(role) - opened
        # Per session, so that one that was lost on the way does not count.
        before[role] = used / opened * RATE * 100
        report.add(f"pair: {RATE} new sessions/s, daemon", "% of a CPU",
                   role, before[role])
        if role == "without":
            added = before["with"] - before["without"]
            report.add("pair: replication", "% of a CPU", "with", added)
            report.add("pair: replication, of the daemon's own", "%", "with",
                       100 * added / before["without"])


def beside(report, lab, job, function):
    """The percentiles of requests while a function runs; its p99."""
    probe = lab.start("client", lab.tool("udpblast"), "ask",
                      lab.address(SERVER, "with"), PORT, 64, 120)
    time.sleep(0.2)
    start = time.monotonic()
    function()
    report.add(f"pair: {job}, duration", "s", "with",
               time.monotonic() - start)
    found = dict(line.split()[:2] for line in lab.stop(probe).splitlines())
    p99 = float(found["p99"])
    report.add(f"pair: {job}, p99 of answers", "us", "with", p99)
    report.add(f"pair: {job}, lost", "", "with", float(found["lost"]))
    return p99


def copy(lab):
    """From the start of a standby to its complete copy."""
    lab.start_nat64d("standby")
    until(lambda: lab.logged("standby", "all of node 1 is copied"),
          "a copy", 120)


def write_again(lab, n):
    """From the return of an empty store to all sessions in it."""
    lab.start_store()
    until(lambda: lab.times("with", "has all sessions") > n, "a copy", 120)


def bulk(report, lab):
    echo = lab.start_ready("server", lab.tool("udpblast"), "echo", SERVER,
                           PORT)
    lab.scatter("with", max(0, SESSIONS - lab.sessions("with")), FILL_RATE)
    report.add("pair: sessions in the table", "", "with",
               lab.sessions("with"))
    time.sleep(SETTLE_SECS + AFTER_SECS)
    for _ in range(ROUNDS):
        idle = beside(report, lab, "idle", lambda: time.sleep(SECS))
        p99 = beside(report, lab, "bulk copy", lambda: copy(lab))
        report.add("pair: bulk copy, added at p99", "us", "with", p99 - idle)
        report.add("pair: bulk copy, CPU of the standby", "s", "with",
                   lab.cpu_seconds("standby"))
        lab.stop(lab.daemons.pop("standby"))
        n = lab.times("with", "has all sessions")
        lab.lose_store()
        until(lambda: "does not have" in lab.status("with"), "the loss")
        idle = beside(report, lab, "idle", lambda: time.sleep(SECS))
        p99 = beside(report, lab, "written again",
                     lambda k=n: write_again(lab, k))
        report.add("pair: written again, added at p99", "us", "with",
                   p99 - idle)
    lab.stop(echo)


def failover(report, build):
    """The rows of failover.sh: median and worst of the rounds."""
    script = pathlib.Path(__file__).with_name("failover.sh")
    rounds = [[float(word) for word in line.split()] for line in
              run(str(script), str(build), str(FAILOVERS)).splitlines()]
    for column, what in enumerate(("a transfer stalls",
                                   "datagrams stop",
                                   "of that until nat64d translates")):
        for values in rounds:
            report.add(f"pair: a node dies, {what}", "ms", "with",
                       values[column])
        report.add(f"pair: a node dies, {what}, worst", "ms", "with",
                   max(values[column] for values in rounds))


def measure(report, build):
    with PairLab(build) as lab:
        until(lambda: lab.logged("with", "has all sessions"), "the store", 30)
        cost(report, lab)
        bulk(report, lab)
    failover(report, build)


# Figures to reach.
GOALS = (
    ("pair: replication", None, "<=", 10, "with"),
    ("pair: bulk copy, duration", None, "<=", 10, "with"),
    ("pair: bulk copy, added at p99", None, "<=", 2000, "with"),
    ("pair: written again, added at p99", None, "<=", 2000, "with"),
    ("pair: a node dies, a transfer stalls, worst", None, "<=", 1500, "with"),
    ("pair: a node dies, of that until nat64d translates, worst", None, "<=",
     300, "with"),
)

PAIR = Subject("pair", GATEWAYS, ("without",), GOALS, (), "without",
               "Replication", {})
