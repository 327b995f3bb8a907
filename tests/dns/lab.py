"""Common code of the tests of dns64d: a daemon with its own configuration,
functions to ask it, and cases that print TAP.

    client (the test) --- dns64d on 127.0.0.1 --- FakeUpstream

    from lab import Daemon, case, equal, main
    @case("a name without AAAA gets a synthesised one")
    def _(lab): ...
    sys.exit(main())

The build tree is the first argument of the test. Needs no root and no
network. Nothing here sleeps for a fixed time: until() polls.
"""

import atexit
import concurrent.futures
import contextlib
import itertools
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True

from steer import steer

try:
    import dns.message
    import dns.query
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype
except ImportError:
    print("ok 1 - dns64d # SKIP no python3-dnspython")
    print("1..1")
    sys.exit(0)

# dnspython loads what it knows of a type when it first meets one, which goes
# wrong when two threads do.
for known in dns.rdatatype.RdataType:
    dns.rdata.get_rdata_class(dns.rdataclass.IN, known)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build")
PROGRAM = (BUILD if BUILD.is_absolute() else ROOT / BUILD) / "dns64d/dns64d"
# Built with a sanitizer, it is slow and large.
SANITIZED = PROGRAM.exists() and re.search(
    b"__[at]san_init", PROGRAM.read_bytes()) is not None
PREFIX = "2001:db8:64::"
TIMEOUT = 8
# With several workers each test's clients are steered to the last one, which
# is to behave like one that is alone.
WORKERS = int(os.environ.get("DNS64D_WORKERS", "1"))
# What the workers share, of which tests say what one of them is to have.
SHARED = re.compile(r"^(limit (?:cache|queries|tcp-clients|"
                    r"tcp-per-upstream)) (\d+)$", re.M)
# "no": what is answered is composed anew each time.
CACHE_ANSWERS = os.environ.get("DNS64D_CACHE_ANSWERS", "yes")
# Of listeners: below those that Linux gives to clients, which take any of
# theirs at any moment. No test takes one twice; each begins elsewhere.
PORTS = range(10000, 32768)
next_port = itertools.count(random.randrange(len(PORTS)))
cases = []
started = []  # processes and their directories, for the end


def leave_nothing(number=None, _frame=None):
    """End what a test has started and not ended, whatever ended it."""
    for process, directory in started:
        if process.poll() is None:
            process.kill()
            process.wait(TIMEOUT)
        shutil.rmtree(directory, ignore_errors=True)
    if number is not None:
        os._exit(128 + number)


atexit.register(leave_nothing)
for fatal in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(fatal, leave_nothing)


def case(description):
    """Register a test: a function of a FakeUpstream and a Daemon."""
    def register(function):
        cases.append((description, function))
        return function
    return register


def equal(found, expected, what="value"):
    """Fail unless equal."""
    if found != expected:
        raise AssertionError(f"{what}: expected {expected!r}, "
                             f"found {found!r}")


def until(condition, what, seconds=TIMEOUT):
    """Poll until a condition holds; returns its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"timed out: {what}")


def free_port(addr="127.0.0.1"):
    """A port that is free for UDP and TCP, and likely to be so for a while."""
    family = socket.AF_INET6 if ":" in addr else socket.AF_INET
    while True:
        port = PORTS[next(next_port) % len(PORTS)]
        with socket.socket(family, socket.SOCK_STREAM) as tcp, \
                socket.socket(family, socket.SOCK_DGRAM) as udp, \
                contextlib.suppress(OSError):
            tcp.bind((addr, port))
            udp.bind((addr, port))
            return port


class Daemon:
    """A dns64d with a configuration of its own.

    extra is added to listen, prefix and upstream statements; prefix may be
    None for none. addr is where it listens and where ask() asks. spread: do
    not steer the clients to one worker; then extra says how many there are.
    stdout: a descriptor to be its standard output instead of a file.
    """

    def __init__(self, *upstreams, extra="", addr="127.0.0.1",
                 prefix=f"{PREFIX}/96", spread=False, stdout=None):
        self.stdout = stdout
        self.steered = WORKERS > 1 and not spread
        # What stands before a message of the worker that is asked.
        self.speaker = f"dns64d: worker {WORKERS}: " if self.steered else \
            "dns64d: "
        self.tmp = tempfile.TemporaryDirectory(prefix="dns64d")
        os.chmod(self.tmp.name, 0o755)
        self.addr = addr
        self.conf = pathlib.Path(self.tmp.name) / "dns64d.conf"
        self.out = open(pathlib.Path(self.tmp.name) / "out", "w+b")
        self.err = open(pathlib.Path(self.tmp.name) / "err", "w+b")
        for attempt in range(3):
            self.port = free_port(addr)
            self.base = self.statements(upstreams, prefix)
            self.write(extra)
            if self.start():
                return
            # Another test's query may have taken the port meanwhile.
            if attempt == 2 or "in use" not in self.log():
                raise AssertionError("no start: " + self.log())
            self.err.truncate(0)

    def statements(self, upstreams, prefix):
        """The statements that every configuration has."""
        base = [f"listen on {self.addr} port {self.port}"]
        if prefix is not None:
            base.append(f"prefix {prefix}")
        if os.geteuid() == 0:
            base.append("user nobody")
        if self.steered:
            base += [f"workers {WORKERS}", "limit tcp-per-upstream 4"]
        if CACHE_ANSWERS != "yes":
            base.append(f"cache-answers {CACHE_ANSWERS}")
        return base + [f"upstream {u.addr} port {u.port}" for u in upstreams]

    def command(self):
        """What starts it."""
        return [PROGRAM, "-d", "-f", self.conf]

    def start(self):
        """Start it; false when it ended at once."""
        self.process = subprocess.Popen(
            self.command(), stdin=subprocess.DEVNULL,
            stdout=self.out if self.stdout is None else self.stdout,
            stderr=self.err, cwd=self.tmp.name)
        started.append((self.process, self.tmp.name))
        until(lambda: self.process.poll() is not None or
              "running" in self.log(), "start")
        if self.process.poll() is not None:
            return False
        self.steer()
        return True

    def restart(self, extra):
        """End it and start it again with another configuration."""
        self.process.send_signal(signal.SIGTERM)
        equal(self.process.wait(TIMEOUT), 0, "exit status")
        self.err.truncate(0)
        self.write(extra)
        equal(self.start(), True, "start")

    def steer(self):
        """All clients go to the last worker, if there are several."""
        if self.steered:
            steer(self.process.pid, WORKERS - 1)

    def text(self, extra):
        """What the configuration file says."""
        text = "\n".join(self.base) + "\n" + extra + "\n"
        # Several run at a time, and one of them could have the default one.
        if not re.search("^control ", text, re.MULTILINE):
            text += "control no\n"
        if self.steered:
            text = SHARED.sub(
                lambda m: f"{m[1]} {int(m[2]) * WORKERS}", text)
        return text

    def write(self, extra):
        """Write the configuration file."""
        self.conf.write_text(self.text(extra))

    def read(self, file):
        """All of an output file."""
        return pathlib.Path(file.name).read_text(errors="replace")

    def log(self):
        """What was logged so far."""
        return self.read(self.err)

    def signal(self, number, awaited):
        """Send a signal and wait for new text in log or output."""
        before = (self.log() + self.read(self.out)).count(awaited)
        self.process.send_signal(number)
        until(lambda: (self.log() + self.read(self.out)).count(awaited) >
              before, awaited)
        if number == signal.SIGHUP:
            self.steer()

    def stats_text(self):
        """What SIGUSR1 prints, but of workers that nobody asks."""
        size = len(self.read(self.out))
        self.process.send_signal(signal.SIGUSR1)

        def whole():
            """The text, when its last line is there."""
            text = self.read(self.out)[size:]
            return text.endswith("\nend\n") and text
        text = until(whole, "statistics")
        if not self.steered:
            return text
        return text.partition("worker 1 ")[0] + text.partition(
            f"worker {WORKERS} ")[2]

    def stats(self):
        """The counters, by SIGUSR1."""
        text = self.stats_text()
        return {line.split()[0]: int(line.split()[1])
                for line in text.splitlines()
                if len(line.split()) > 1 and line.split()[1].isdigit()}

    def rss(self):
        """Resident memory in KiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def cpu_seconds(self):
        """Processor time used so far."""
        return time.clock_gettime(~self.process.pid << 3 | 2)  # CPUCLOCK_SCHED

    def stop(self):
        """End it; it must end well."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(TIMEOUT)
        log = self.log()
        self.out.close()
        self.err.close()
        self.tmp.cleanup()
        if self.process.returncode != 0 or "ERROR:" in log:
            raise AssertionError(f"ended {self.process.returncode}: {log}")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    def ask(self, name, rdtype="AAAA", tcp=False, source=None, **how):
        """Ask and return the answer."""
        query = name if isinstance(name, dns.message.Message) else \
            dns.message.make_query(name, rdtype, **how)
        ask = dns.query.tcp if tcp else dns.query.udp
        return ask(query, self.addr, TIMEOUT, self.port, source)

    def ask_wire(self, wire, source=""):
        """Send octets by UDP and return those that come back."""
        with self.udp(source) as sock:
            sock.send(wire)
            return sock.recv(65535)

    def udp(self, source=""):
        """A UDP socket towards it."""
        family = socket.AF_INET6 if ":" in self.addr else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.settimeout(TIMEOUT)
        sock.bind((source, 0))
        sock.connect((self.addr, self.port))
        return sock

    def tcp(self, source=None):
        """A TCP connection to it."""
        sock = socket.create_connection(
            (self.addr, self.port), TIMEOUT, source and (source, 0))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock


def check_conf(text):
    """What `dns64d -n` says of a configuration: status and messages."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
        conf.write(text)
        conf.flush()
        done = subprocess.run([PROGRAM, "-n", "-f", conf.name],
                              capture_output=True, text=True,
                              timeout=TIMEOUT, check=False)
        return done.returncode, done.stderr.replace(conf.name, "conf")


def records(message, rdtype, section="answer"):
    """The records of a type, as sorted texts."""
    return sorted(rd.to_text() for rrs in getattr(message, section)
                  for rd in rrs
                  if rrs.rdtype == dns.rdatatype.from_text(rdtype))


def types(message, section="answer"):
    """The types of a section's records, in order."""
    return [dns.rdatatype.to_text(rrs.rdtype)
            for rrs in getattr(message, section)]


def option(message, code):
    """The first EDNS option with this code, or None."""
    return next((o for o in message.options if o.otype == code), None)


def ede_codes(message):
    """The extended errors of a message."""
    return [int(o.code) for o in message.options if o.otype == 15]


def framed(wire):
    """A message behind its length."""
    return struct.pack("!H", len(wire)) + wire


def read_octets(stream):
    """The octets of the next message of a TCP stream, None at its end."""
    head = stream.read(2)
    if len(head) < 2:
        return None
    return stream.read(struct.unpack("!H", head)[0])


def read_framed(stream):
    """The next message of a TCP stream, None at its end."""
    octets = read_octets(stream)
    return None if octets is None else dns.message.from_wire(octets)


def is_silent(sock, seconds=0.3):
    """True when nothing arrives for a while."""
    sock.settimeout(seconds)
    try:
        sock.recv(65535)
        return False
    except socket.timeout:
        return True
    finally:
        sock.settimeout(TIMEOUT)


def run_case(function, up, daemon):
    """Run one case; returns what went wrong, in lines."""
    try:
        function(daemon, up)
        return []
    except Exception:  # whatever went wrong is the test's failure
        return traceback.format_exc().splitlines()[-6:]


def main(upstream, workers=1, extra=""):
    """Run every case, with one upstream and one daemon that they share.

    With several workers cases run side by side: those that count what
    passed, or that load the daemon, are to use one of their own.
    """
    failed = 0
    only = sys.argv[2:]
    chosen = [c for c in cases
              if not only or any(word in c[0] for word in only)]
    with upstream() as up, Daemon(up, extra=extra) as daemon, \
            concurrent.futures.ThreadPoolExecutor(workers) as pool:
        running = [pool.submit(run_case, function, up, daemon)
                   for _, function in chosen]
        for number, (job, (description, _)) in enumerate(
                zip(running, chosen), 1):
            trouble = job.result()
            print(f"{'not ok' if trouble else 'ok'} {number} - "
                  f"{description}", flush=True)
            for line in trouble:
                print(f"#   {line}", flush=True)
            failed += bool(trouble)
    print(f"1..{len(chosen)}")
    return 1 if failed else 0
