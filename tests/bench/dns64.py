"""Benchmarks of dns64d, beside Unbound, BIND and Knot Resolver (see
dns_lab.py). dnsperf asks, and nothing counts as an answer but NOERROR."""

import dataclasses
import os
import re
import signal
import time

from dns_lab import (ADDRESS, HOLE_ZONE, SYNTHESISED, SYSTEMS, ZONE, DnsLab,
                     process_tree)
from report import BEST_PEER, Subject
from rounds import SECS, in_turn

# How many names the memory is measured with; 1000000 take minutes.
NAMES = int(os.environ.get("NAMES", "100000"))

CACHE_MBYTES = 100
# Enough for all names in the server that needs the most memory.
CACHE_MBYTES_MEMORY = max(64, NAMES * 2048 >> 20)

# More unique names than any of the servers answers in a second.
UNIQUE_RATE = 150000
CACHED_NAMES = 1000
CLIENTS = 20
WINDOW = 100
PATIENCE = 2

# For names that the upstream does not answer, where peers may take long.
HOLE_QUERIES = 60
HOLE_RATE = 20
HOLE_PATIENCE = 10

MILLION = 1000000

# What a record adds to a query: a pointer to the name, type, class, TTL,
# length and the address.
RECORD_LEN = {"AAAA": 28, "A": 16}


@dataclasses.dataclass(frozen=True)
class Load:
    """A way to ask as fast as answers come."""

    figure: str
    kind: str = "AAAA"
    unique: float = 1  # share of names that nobody has asked for
    options: tuple = ("-c", CLIENTS, "-q", WINDOW)
    systems: tuple = SYSTEMS


WITH_ECHO = (*SYSTEMS, "echo")
LOADS = {
    "uncached": Load("uncached"),
    "full": Load("uncached, 1,000 outstanding",
                 options=("-c", CLIENTS, "-q", 1000)),
    "cached": Load("cached", unique=0, systems=WITH_ECHO),
    "hits": Load("90 % hits", unique=0.1),
    "relay": Load("relay of A", kind="A"),
    "tcp": Load("cached, 1,000 TCP clients", unique=0,
                options=("-m", "tcp", "-c", 1000, "-q", 1000)),
}
PARTS = ("dns-latency", "dns-hole", "dns-memory",
         *[f"dns-{load}" for load in LOADS])

# The goals. For the answers/s of "cached", one of two is enough: if dns64d is
# as fast as "echo", the generator is the limit. One answer lost of 10,000 is
# accepted.
TO_REACH = (
    ("uncached: answers", "unbound", ">=", 3),
    ("uncached: answers", BEST_PEER, ">=", 2),
    ("uncached: CPU", "unbound", "<=", 0.25),
    ("uncached: lost", None, "<=", 0.01),
    ("uncached, 1,000 outstanding: lost", None, "<=", 0.01),
    ("cached: answers", BEST_PEER, ">=", 1.3),
    ("cached: answers", "echo", ">=", 0.95),
    ("cached: CPU", "unbound", "<=", 0.5),
    ("cached: lost", None, "<=", 0.01),
    ("black-holed AAAA: good answers", None, ">=", 100),
    ("black-holed AAAA: p99 of good answers", None, "<=", 1000),
    ("memory, 1 M names", "unbound", "<=", 0.5),
)
PLOTTED = tuple((f"{load.figure}: answers", label) for load, label in (
    (LOADS["uncached"], "uncached"), (LOADS["full"], "uncached, 1,000"),
    (LOADS["cached"], "cached"), (LOADS["hits"], "90 % hits"),
    (LOADS["relay"], "relay of A"), (LOADS["tcp"], "TCP")))
DNS64D = Subject("dns64d", WITH_ECHO, SYSTEMS[1:], TO_REACH, PLOTTED,
                 "unbound", "Answers per second as multiples of Unbound",
                 {"echo": "generator's limit"})


class Names:
    """Files of questions for dnsperf."""

    def __init__(self, directory):
        self.path = directory / "names"
        self.cached = [f"c{i}.{ZONE}" for i in range(CACHED_NAMES)]

    def write(self, names, kind):
        self.path.write_text("".join(f"{name} {kind}\n" for name in names))
        return self.path

    def load(self, load, count):
        """Of these the given share is new, the others are the cached ones."""
        if load.unique == 0:
            return self.write(self.cached, load.kind)
        every, mark = round(1 / load.unique), time.time_ns()
        return self.write((
            f"n{i}.{mark}.{ZONE}" if i % every == 0 else
            self.cached[i % CACHED_NAMES] for i in range(count)), load.kind)


def dnsperf(lab, system, path, *options):
    """Let dnsperf ask; what it and the system's CPU clock say."""
    before = lab.cpu_seconds(system)
    output = lab.run("client", "dnsperf", "-s", ADDRESS[system], "-d", path,
                     "-t", PATIENCE, *options)

    def value(pattern):
        found = re.search(pattern, output)
        return float(found.group(1)) if found else 0.0

    result = {"sent": value(r"Queries sent: +(\d+)"),
              "lost": value(r"Queries lost: +(\d+)"),
              "answers": value(r"NOERROR (\d+)"),
              "added": (value(r"response (\d+)") -
                        value(r"request (\d+)")),
              "seconds": value(r"Run time \(s\): +([\d.]+)"),
              "cpu": lab.cpu_seconds(system) - before,
              "output": output}
    if result["answers"] == 0:
        raise RuntimeError(f"{system} gives no answers:\n{output[-800:]}")
    return result


def run_load(report, lab, load, system, path, count):
    result = dnsperf(lab, system, path, "-l", SECS, *load.options)
    if load.unique > 0 and result["sent"] > count:
        raise RuntimeError(f"{load.figure}: out of unique names")
    if system != "echo" and result["added"] < RECORD_LEN[load.kind]:
        raise RuntimeError(f"{load.figure}: {system} answers in NOERROR "
                           "without a record")
    # At the end dnsperf waits for answers that were lost.
    seconds = SECS if result["lost"] > 0 else result["seconds"]
    report.add(f"{load.figure}: answers", "1/s", system,
               result["answers"] / seconds)
    report.add(f"{load.figure}: lost", "%", system,
               100 * (1 - result["answers"] / result["sent"]))
    report.add(f"{load.figure}: CPU", "us/query", system,
               1e6 * result["cpu"] / result["answers"])


def throughput(report, lab, names, loads):
    for system in WITH_ECHO:
        dnsperf(lab, system, names.write(names.cached, "AAAA"), "-n", 1)
    count = int(SECS * UNIQUE_RATE)
    for load, system in in_turn(loads, WITH_ECHO):
        # All systems are asked for the same names, in their turn.
        if system == SYSTEMS[0]:
            path = names.load(load, count)
        if system in load.systems:
            run_load(report, lab, load, system, path, count)


def percentile(values, p):
    return sorted(values)[int((len(values) - 1) * p / 100)]


def latency(report, lab, names):
    """At half of what the slowest can answer: the same rate for all."""
    figure = f"{LOADS['uncached'].figure}: answers"
    if report.median(figure) is None:
        throughput(report, lab, names, [LOADS["uncached"]])
    rate = int(min(report.median(figure, s) for s in SYSTEMS) / 2)
    for _, system in in_turn([None], SYSTEMS):
        path = names.load(LOADS["uncached"], int(rate * SECS))
        result = dnsperf(lab, system, path, "-v", "-Q", rate, "-c", CLIENTS,
                         "-q", 1000)
        times = [float(line.split()[-1]) * 1e6
                 for line in result["output"].splitlines()
                 if line.startswith("> NOERROR")]
        for p in (50, 90, 99):
            report.add(f"uncached at {rate}/s: p{p}", "us", system,
                       percentile(times, p))
        report.add(f"uncached at {rate}/s: lost", "%", system,
                   100 * (1 - len(times) / result["sent"]))


def hole(report, lab):
    """An upstream that answers A and leaves AAAA unanswered. The rate is
    low: all systems can be asked at the same time."""
    asking = {system: lab.start(
        "client", "python3", lab.source("dnsask.py"), ADDRESS[system],
        HOLE_QUERIES, HOLE_RATE, HOLE_PATIENCE, HOLE_ZONE, SYNTHESISED)
        for system in SYSTEMS}
    for system, process in asking.items():
        output, _ = process.communicate(
            timeout=HOLE_QUERIES / HOLE_RATE + HOLE_PATIENCE + 10)
        lab.processes.remove(process)
        if process.returncode != 0:
            raise RuntimeError(f"dnsask.py fails with {system}")
        answers = [line.split() for line in output.splitlines()]
        good = [float(secs) * 1e3 for secs, what in answers
                if what == "good"]
        report.add("black-holed AAAA: good answers", "%", system,
                   100 * len(good) / HOLE_QUERIES)
        report.add("black-holed AAAA: other answers", "%", system,
                   100 * (len(answers) - len(good)) / HOLE_QUERIES)
        for p in (50, 99):
            if good:
                report.add(f"black-holed AAAA: p{p} of good answers", "ms",
                           system, percentile(good, p))


def feed(lab, system, names, wanted):
    """Have names cached; how many answers there were."""
    mark = time.time_ns()
    path = names.write((f"m{i}.{mark}.{ZONE}" for i in range(wanted)),
                       "AAAA")
    return dnsperf(lab, system, path, "-c", CLIENTS, "-q", WINDOW)["answers"]


def still_cached(lab, system, names):
    """The share of the names fed last that is answered without asking the
    authority, in percent."""
    fed = names.path.read_text().splitlines()
    sample = names.path.with_suffix(".sample")
    sample.write_text("\n".join(fed[::len(fed) // 1000]) + "\n")
    pids = list(process_tree(lab.authority.pid))
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        result = dnsperf(lab, system, sample)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    return 100 * result["answers"] / result["sent"]


def memory(report, lab, names):
    """Two sizes give what a name takes: tables double, and with a factor of
    four between the sizes they are as full at both. From that and the larger
    one, what a million would take. Ends with no system running."""
    for system in SYSTEMS:
        lab.stop_system(system)
        lab.start_system(system, CACHE_MBYTES_MEMORY)
        few = feed(lab, system, names, NAMES // 4)
        before = lab.memory(system)
        many = few + feed(lab, system, names, NAMES - NAMES // 4)
        after = lab.memory(system)
        each = (after - before) / (many - few)
        report.add("memory: names fed", "", system, many)
        report.add("memory: still cached", "%", system,
                   still_cached(lab, system, names))
        report.add("memory, a name", "bytes", system, each)
        report.add("memory, 1 M names", "MB", system,
                   (after + each * max(0, MILLION - many)) / 1e6)
        lab.stop_system(system)


def measure(report, build, part):
    """One part, or all of them if it is none of them."""
    every = part not in PARTS
    with DnsLab(build) as lab:
        for system in SYSTEMS:
            lab.start_system(system, CACHE_MBYTES)
        names = Names(lab.dir)
        loads = [load for name, load in LOADS.items()
                 if every or part == f"dns-{name}"]
        if loads:
            throughput(report, lab, names, loads)
        if every or part == "dns-latency":
            latency(report, lab, names)
        if every or part == "dns-hole":
            hole(report, lab)
        if every or part == "dns-memory":
            memory(report, lab, names)
