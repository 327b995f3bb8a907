#!/usr/bin/env python3
"""Benchmarks of nat64d, beside TAYGA and the kernel's NAT44 (see lab.py),
and of dns64d, beside other forwarders with DNS64 (see dns64.py).

    bench.py BUILD [all|core|log|tcp|udp|cpu|conn|latency|clat|pause|pair|
                    dns|...]

See rounds.py for how it measures. Needs root, and the packages of "deps.sh
bench". Results: standard output, and BUILD/bench/.
"""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import clat
import dns64
import pair as pairs
import pause as pauses
from lab import (BETWEEN, MANY, SERVER, SERVER_DIRECT, SERVER_FROM_CLIENT, SYSTEMS,
                 USER, WORLDS, Lab, from_client, run, until)
from report import NAT64D, Report
from rounds import ROUNDS, SECS, in_turn

PORT = 7000
CONN_PORTS = 64
PARALLEL = 64
SHORT = 3  # segments each way of a short connection
MAX_IDLE_CORES = 0.2
# Room for a million sessions in the kernel's NAT.
CONNTRACK = {"net.netfilter.nf_conntrack_max": 2097152,
             "net.netfilter.nf_conntrack_buckets": 1048576}
# Requests to each host, until their sessions are on the fast path (FAST_AFTER).
FILL_ROUNDS = {"nat64d": 5, USER: 1, BETWEEN: 5, "tayga": 1, "nat44": 1}


def values(text):
    """Lines "name value [unit]" as a dictionary."""
    pairs = (line.split() for line in text.splitlines())
    return {words[0]: float(words[1]) for words in pairs if len(words) > 1}


def core(report, build):
    """The pipeline alone, without a device: of nat64d itself, and of its
    program in the kernel."""
    for system, program in ((USER, "core"), ("nat64d", "fastcore")):
        tool = build / "tests/bench" / program
        if not tool.exists():  # built without the fast path
            continue
        for line in run(str(tool)).splitlines():
            name, value, unit = line.split()
            report.add(f"core {name}", unit, system, float(value))


def log(report, build):
    """What the event log costs for 1,000 connections: octets at each place that
    events can go to, and time of a processor."""
    for line in run(str(build / "tests/bench/logcost")).splitlines():
        name, value, unit = line.split()
        report.add(f"log {name}", unit, "nat64d", float(value))


class Usage:
    """How many processors are busy, less those that are so without any
    traffic (see idle_cores): with the gateway, the interfaces, and the
    programs at both ends."""

    idle_cores = 0.0

    def __init__(self, lab):
        self.lab = lab
        self.start = time.monotonic()
        self.before = lab.busy_seconds()

    def seconds(self):
        elapsed = time.monotonic() - self.start
        return (self.lab.busy_seconds() - self.before -
                Usage.idle_cores * elapsed)

    def cores(self):
        return self.seconds() / (time.monotonic() - self.start)


def find_idle_cores(lab):
    """What other programs of this machine need."""
    Usage.idle_cores = 0.0
    usage = Usage(lab)
    time.sleep(2)
    Usage.idle_cores = usage.cores()
    print(f"fast path: {lab.fastpath()}\n"
          f"without traffic {Usage.idle_cores:.2f} processors are busy"
          + (": CPU of the machine cannot be measured"
             if Usage.idle_cores > MAX_IDLE_CORES else ""))


def tcp(report, lab):
    """Of ends that hand over super-packets, then of those that do not."""
    server = lab.start_ready("server", lab.tool("tcpblast"), "stream",
                             SERVER, PORT)
    for world in WORLDS:
        lab.set_world(world)
        tcp_figures(report, lab, f"tcp {world}".strip(),
                    (1, 64) if world else (1, 4, 64))
    lab.set_world("")
    lab.stop(server)


def tcp_figures(report, lab, kind, numbers):
    figures = [(direction, streams) for streams in numbers
               for direction in ("down", "up")]
    for (direction, streams), system in in_turn(figures, SYSTEMS):
        before = lab.cpu_seconds(system)
        usage = Usage(lab)
        result = values(lab.run("client", lab.tool("tcpblast"), direction,
                                SERVER_FROM_CLIENT[system], PORT, streams,
                                SECS))
        cores = usage.cores()
        name = f"{kind} {direction}, {streams} streams"
        rate = result["bytes"] * 8 / result["seconds"] / 1e9
        report.add(name, "Gbit/s", system, rate)
        report.add(f"{name}: cores", "/Gbit/s", system, cores / rate)
        if before is not None:
            report.add(f"{name}: daemon CPU",
                       "s/GByte", system, (lab.cpu_seconds(system) - before)
                       / result["bytes"] * 1e9)


def blast(lab, system, size, flows, seconds, rate=0):
    """Send datagrams through a system, or none ("direct"): counts, CPU of its
    daemon and of the machine."""
    direct = system == "direct"
    sink = lab.start_ready("server", lab.tool("udpblast"), "sink",
                           SERVER_DIRECT if direct else SERVER, PORT, flows)
    before = lab.cpu_seconds(system)
    usage = Usage(lab)
    result = values(lab.run("client", lab.tool("udpblast"), "send",
                            SERVER_DIRECT if direct else
                            SERVER_FROM_CLIENT[system], PORT, size, flows,
                            seconds, rate))
    time.sleep(0.2)
    result["busy"] = usage.seconds()
    result["cpu"] = (None if before is None else
                     lab.cpu_seconds(system) - before)
    result.update(values(lab.stop(sink)))
    return result


def udp(report, lab):
    """All gateways as they come, with datagrams as they come from veth and
    otherwise, then all with GRO for what they forward."""
    for world in WORLDS:
        lab.set_world(world)
        udp_figures(report, lab, f"udp {world}".strip(),
                    [(size, flows) for flows in ((1,) if world else (1, 64))
                     for size in (64, 1400)])
    lab.set_world("")
    lab.set_gro(True)
    udp_figures(report, lab, "udp gro", [(64, 1), (1400, 64)])
    lab.set_gro(False)


def udp_figures(report, lab, kind, figures):
    for (size, flows), system in in_turn(figures, SYSTEMS):
        # The first datagrams wait for neighbour discovery and new sessions.
        blast(lab, system, size, flows, 0.05, 1000)
        result = blast(lab, system, size, flows, SECS)
        name = f"{kind} {size} B, {flows} flows"
        report.add(f"{name}: sent", "kpps", system,
                   result["sent"] / result["seconds"] / 1e3)
        report.add(f"{name}: delivered", "kpps", system,
                   result["received"] / result["seconds"] / 1e3)
        report.add(f"{name}: loss", "%", system,
                   100 * (1 - result["received"] / result["sent"]))
        if result["cpu"] is not None and result["received"] > 0:
            report.add(f"{name}: daemon CPU", "us/packet", system,
                       result["cpu"] * 1e6 / result["received"])


def cpu(report, lab):
    """What a datagram costs the gateway, at half of the rate that the slowest
    system can deliver: of all processors, less what the same datagrams cost
    without a gateway. So it has all work for them, in whatever process or
    interrupt it is done."""
    load = half_load(lab)
    report.add("cpu: load", "kpps", "nat64d", load / 1e3)
    found = {}
    for _, system in in_turn([None], (*SYSTEMS, "direct")):
        result = blast(lab, system, 64, 1, SECS, int(load))
        found[system] = result["busy"] * 1e6 / result["received"]
        if system == "direct":
            for name in SYSTEMS:
                report.add("cpu: gateway", "us/packet", name,
                           found[name] - found["direct"])


def half_load(lab):
    """The datagrams of half a second, to be sent in a second."""
    return min(blast(lab, s, 64, 1, 0.5)["received"] for s in SYSTEMS)


def conn(report, lab):
    """Connections without data, and short ones."""
    for segments, kind in ((0, "connections"), (SHORT, "short connections")):
        server = lab.start_ready("server", lab.tool("tcpblast"), "serve",
                                 SERVER, PORT, CONN_PORTS, segments)
        for world in WORLDS:
            lab.set_world(world)
            conn_figures(report, lab, f"{kind} {world}".strip(), segments)
        lab.set_world("")
        lab.stop(server)


def conn_figures(report, lab, name, segments):
    for _, system in in_turn([None], SYSTEMS):
        result = values(lab.run("client", lab.tool("tcpblast"), "connect",
                                SERVER_FROM_CLIENT[system], PORT, CONN_PORTS,
                                PARALLEL, SECS, segments))
        report.add(name, "1/s", system,
                   result["opened"] / result["seconds"])
        report.add(f"{name}: failed", "", system, result["failed"])


def ping_times(lab, system):
    """Round-trip times of pings in microseconds, sorted."""
    output = lab.run("client", "ping", "-n", "-i", "0.002", "-c",
                     int(SECS * 400), SERVER_FROM_CLIENT[system])
    return sorted(float(line.partition("time=")[2].split()[0]) * 1e3
                  for line in output.splitlines() if "time=" in line)


def latency(report, lab):
    for world in WORLDS:
        lab.set_world(world)
        latency_figures(report, lab, f"{world} ".lstrip())
    lab.set_world("")


def latency_figures(report, lab, world):
    """Of ping and of requests, while datagrams pass at half the rate that
    the slowest system can deliver: the same rate for all."""
    load = half_load(lab)
    report.add(f"{world}load of ping and request", "kpps", "nat64d",
               load / 1e3)
    echo = lab.start_ready("server", lab.tool("udpblast"), "echo", SERVER,
                           PORT + 100)
    sink = lab.start_ready("server", lab.tool("udpblast"), "sink", SERVER,
                           PORT, 1)
    for kind, system in in_turn(["ping", "request"], SYSTEMS):
        target = SERVER_FROM_CLIENT[system]
        background = lab.start("client", lab.tool("udpblast"), "send",
                               target, PORT, 64, 1, 60, int(load))
        if kind == "ping":
            times = ping_times(lab, system)
            for p in (50, 90, 99, 99.9):
                report.add(f"{world}ping beside load: p{p:g}",
                           "us", system,
                           times[int((len(times) - 1) * p / 100)])
        else:
            answers = values(lab.run("client", lab.tool("udpblast"), "ask",
                                     target, PORT + 100, 64, SECS))
            for name in ("p50", "p90", "p99", "p99.9", "lost"):
                report.add(f"{world}request beside load: {name}",
                           "" if name == "lost" else "us", system,
                           answers[name])
        lab.stop(background)
    lab.stop(sink)
    lab.stop(echo)


def many(report, lab):
    """Pings of one session, and of a million in random order, each of another
    host or with another identifier. The million is there before, and every
    session has had what it needs for the fast path."""
    with sysctl(CONNTRACK):
        for system in SYSTEMS:
            if system in ("tayga", "nat44"):
                lab.run(system, "sysctl", "-qw",
                        "net.netfilter.nf_conntrack_icmp_timeout=600")
            for name, hosts, ids in (("one session", 1, 1),
                                     ("1M sessions", 62500, 16)):
                result = values(lab.run(
                    "client", lab.tool("echoblast"),
                    from_client(MANY, system), hosts, ids,
                    FILL_ROUNDS[system], SECS * ROUNDS))
                if result["filled"] < 0.99 * hosts * ids:
                    print(f"{system}: only {result['filled']:.0f} of"
                          f" {hosts * ids} hosts answered")
                report.add(f"pings of {name}", "us", system,
                           result["seconds"] * 1e6 / result["answers"])


@contextlib.contextmanager
def sysctl(settings):
    """Other settings of this machine for a while."""
    before = {name: run("sysctl", "-n", name).strip() for name in settings}
    try:
        for name, value in settings.items():
            run("sysctl", "-qw", f"{name}={value}")
        yield
    finally:
        for name, value in before.items():
            run("sysctl", "-qw", f"{name}={value}")


def pause(report, build):
    """In a lab of its own, since it saves state."""
    with Lab(build, state_secs=pauses.STATE_SECS) as lab:
        for system in ("nat64d", USER):
            pauses.measure(report, lab, system)


PARTS = {"tcp": tcp, "udp": udp, "cpu": cpu, "conn": conn, "latency": latency,
         "many": many, "clat": clat.measure}


def nat64d(report, build, part):
    if part in ("all", "core"):
        core(report, build)
    if part in ("all", "log"):
        log(report, build)
    if part in ("all", *PARTS):
        with Lab(build) as lab:
            find_idle_cores(lab)
            for name, function in PARTS.items():
                if part in ("all", name):
                    function(report, lab)
    if part in ("all", "pause"):
        pause(report, build)


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build")
    part = sys.argv[2] if len(sys.argv) > 2 else "all"
    if part not in ("all", "core", "log", *PARTS, "pause", "pair", "dns",
                    *dns64.PARTS):
        sys.exit("usage: bench.py BUILD [all|core|log|" +
                 "|".join((*PARTS, "pause", "pair", "dns", *dns64.PARTS)) + "]")
    if part not in ("core", "log") and os.geteuid() != 0:
        sys.exit("bench: only BENCH=core and log run without root")
    start = time.monotonic()
    report = Report(build / "bench", NAT64D)
    nat64d(report, build, part)
    report.finish()
    report = Report(build / "bench", pairs.PAIR)
    if part in ("all", "pair"):
        pairs.measure(report, build)
    report.finish()
    report = Report(build / "bench", dns64.DNS64D)
    if part in ("all", "dns", *dns64.PARTS):
        dns64.measure(report, build, part)
    report.finish()
    print(f"{time.monotonic() - start:.0f} s; results in {build / 'bench'}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: terminated"))
    try:
        main()
    except (RuntimeError, subprocess.SubprocessError) as error:
        sys.exit(f"bench: {error}")
