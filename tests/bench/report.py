"""Results of benchmarks: medians, ratios, goals; a table, a CSV file and a
plot."""

import csv
import dataclasses
import pathlib
import shutil
import statistics
import subprocess

from lab import BETWEEN, SYSTEMS, USER
from pause import goals

BEST_PEER = "best peer"

# The goals: figure; what it is compared with (a system, the best peer, another
# figure, or None: the limit itself); relation; limit; and whose figure, if not
# that of the first system.
TO_REACH = (
    ("tcp down, 1 streams", "nat44", ">=", 0.95),
    ("tcp up, 1 streams", "nat44", ">=", 0.95),
    ("tcp down, 64 streams", "nat44", ">=", 0.95),
    ("tcp up, 64 streams", "nat44", ">=", 0.95),
    ("tcp plain down, 1 streams", "nat44", ">=", 0.75),
    ("tcp plain up, 1 streams", "nat44", ">=", 0.75),
    ("tcp plain down, 64 streams", "nat44", ">=", 0.75),
    ("tcp plain up, 64 streams", "nat44", ">=", 0.75),
    ("udp 64 B, 1 flows: delivered", "nat44", ">=", 0.75),
    ("udp 1400 B, 1 flows: delivered", "nat44", ">=", 0.75),
    ("udp 64 B, 64 flows: delivered", "nat44", ">=", 0.75),
    ("udp 1400 B, 64 flows: delivered", "nat44", ">=", 0.75),
    ("udp 64 B, 1 flows: loss", None, "<=", 1),
    ("udp 1400 B, 1 flows: loss", None, "<=", 1),
    ("udp 64 B, 64 flows: loss", None, "<=", 1),
    ("udp 1400 B, 64 flows: loss", None, "<=", 1),
    ("cpu: gateway", "nat44", "<=", 1.4),
    ("tcp down, 1 streams", "nat44", ">=", 1.05, BETWEEN),
    ("tcp up, 1 streams", "nat44", ">=", 1.05, BETWEEN),
    ("tcp down, 64 streams", "nat44", ">=", 1.05, BETWEEN),
    ("tcp up, 64 streams", "nat44", ">=", 1.05, BETWEEN),
    ("tcp plain down, 1 streams", "nat44", ">=", 0.95, BETWEEN),
    ("tcp plain up, 1 streams", "nat44", ">=", 0.95, BETWEEN),
    ("tcp plain down, 64 streams", "nat44", ">=", 0.95, BETWEEN),
    ("tcp plain up, 64 streams", "nat44", ">=", 0.95, BETWEEN),
    ("udp 64 B, 1 flows: delivered", "nat44", ">=", 1.15, BETWEEN),
    ("udp 1400 B, 1 flows: delivered", "nat44", ">=", 1.15, BETWEEN),
    ("udp 64 B, 64 flows: delivered", "nat44", ">=", 1.15, BETWEEN),
    ("udp 1400 B, 64 flows: delivered", "nat44", ">=", 1.15, BETWEEN),
    ("cpu: gateway", "nat44", "<=", 0.9, BETWEEN),
    ("clat alone: tcp down, 1 streams", "nat44", ">=", 0.95),
    ("clat alone: tcp up, 1 streams", "nat44", ">=", 0.95),
    ("clat alone: udp 64 B, 1 flows: delivered", "nat44", ">=", 0.75),
    ("clat alone: udp 64 B, 1 flows: loss", None, "<=", 1),
    ("connections", USER, ">=", 0.9),
    ("connections", "tayga", ">=", 1),
    ("short connections", USER, ">=", 0.9),
    ("short connections", "tayga", ">=", 1),
    ("ping beside load: p99", "nat44", "<=", 1.5),
    ("request beside load: p99", "nat44", "<=", 1.5),
    ("pings of 1M sessions", "pings of one session", "<=", 1.3),
    ("core fast-packet-1M", "core fast-packet-1", "<=", 1.3),
    ("ping beside load: p90", "tayga", "<=", 1, USER),
    ("ping beside load: p99", "tayga", "<=", 1, USER),
    ("request beside load: p90", "tayga", "<=", 1, USER),
    ("request beside load: p99", "tayga", "<=", 1, USER),
    ("tcp down, 1 streams", "tayga", ">=", 7, USER),
    ("tcp up, 1 streams", "tayga", ">=", 7, USER),
    ("tcp down, 1 streams", "nat44", ">=", 0.55, USER),
    ("tcp up, 1 streams", "nat44", ">=", 0.55, USER),
    ("tcp finished down, 1 streams", "tayga", ">=", 2, USER),
    ("tcp finished up, 1 streams", "tayga", ">=", 2, USER),
    ("udp finished 64 B, 1 flows: delivered", "tayga", ">=", 1, USER),
    ("udp finished 64 B, 1 flows: loss", None, "<=", 5, USER),
    ("udp 64 B, 1 flows: delivered", "tayga", ">=", 2.2, USER),
    ("udp 64 B, 1 flows: loss", None, "<=", 1, USER),
    ("udp 64 B, 1 flows: daemon CPU", "tayga", "<=", 0.5, USER),
    ("udp gro 64 B, 1 flows: delivered", "tayga", ">=", 2.2, USER),
    ("udp gro 64 B, 1 flows: loss", None, "<=", 1, USER),
    ("udp gro 64 B, 1 flows: daemon CPU", "tayga", "<=", 0.5, USER),
    ("core packet-1", None, "<=", 120, USER),
    ("core packet-1M", None, "<=", 400, USER),
    ("core new-sessions-1M", None, ">=", 1e6, USER),
    ("core session-memory-1M", None, "<=", 320, USER),
    ("core port-99.9%-full", "core port-50%-full", "<=", 3, USER),
    ("core new-sessions-1M-blocks", "core new-sessions-1M", ">=", 0.9, USER),
    ("core new-sessions-1M-deterministic", "core new-sessions-1M", ">=", 0.9,
     USER),
    ("core block-99.9%-full", "core block-50%-full", "<=", 3, USER),
    *goals(("nat64d", USER)),
)

# The figures in the plot: a group of bars for each, as multiples of tayga's.
PLOTTED = (
    ("tcp down, 1 streams", "TCP 1 down"),
    ("tcp up, 1 streams", "TCP 1 up"),
    ("tcp finished down, 1 streams", "TCP 1 down, finished"),
    ("tcp finished up, 1 streams", "TCP 1 up, finished"),
    ("tcp down, 64 streams", "TCP 64 down"),
    ("tcp up, 64 streams", "TCP 64 up"),
    ("udp 64 B, 1 flows: delivered", "UDP 64 B"),
    ("udp finished 64 B, 1 flows: delivered", "UDP 64 B, finished"),
    ("udp 1400 B, 1 flows: delivered", "UDP 1400 B"),
    ("udp 64 B, 64 flows: delivered", "UDP 64 B x 64"),
    ("udp gro 64 B, 1 flows: delivered", "UDP 64 B, GRO"),
    ("connections", "connections/s"),
)

PLOT = """\
set terminal svg size 960,420 font "sans,12"
set output "{name}.svg"
set title "{title}"
set style data histogram
set style fill solid 0.8 border -1
set logscale y
set ylabel "times {base}"
set grid y
set key top right
set xtics nomirror
plot {bars}
"""


@dataclasses.dataclass(frozen=True)
class Subject:
    """What is measured beside what, and what it has to reach."""

    name: str      # of the results' files
    systems: tuple  # ours first
    peers: tuple   # to compare the first with: a column of ratios each
    to_reach: tuple
    plotted: tuple
    base: str      # the peer whose multiples are plotted
    title: str     # of the plot
    legend: dict   # of systems whose names say too little


NAT64D = Subject("nat64d", SYSTEMS, (USER, "tayga", "nat44"), TO_REACH,
                 PLOTTED, "tayga",
                 "Throughput as multiples of TAYGA + masquerade",
                 {"tayga": "tayga + nft", "nat44": "kernel NAT44"})


def number(value):
    """Four digits are enough, whatever the size."""
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


class Report:
    """Collects values by figure and system."""

    def __init__(self, directory, subject):
        self.dir = pathlib.Path(directory)
        self.subject = subject
        self.figures = {}  # name: (unit, {system: [value, ...]})

    def add(self, figure, unit, system, value):
        _, systems = self.figures.setdefault(figure, (unit, {}))
        systems.setdefault(system, []).append(value)

    def median(self, figure, system=None):
        """Of a system, or of ours."""
        found = self.figures.get(figure, ("", {}))[1].get(
            system or self.subject.systems[0])
        return statistics.median(found) if found else None

    def ratio(self, figure, other, system=None):
        ours, theirs = self.median(figure, system), self.median(figure, other)
        if ours is None or not theirs:
            return None
        return ours / theirs

    def finish(self):
        if not self.figures:
            return
        self.dir.mkdir(parents=True, exist_ok=True)
        self._print_table()
        self._print_verdicts()
        self._write_csv()
        self._plot()

    def _file(self, suffix):
        return self.dir / f"{self.subject.name}.{suffix}"

    def _print_table(self):
        systems, peers = self.subject.systems, self.subject.peers
        form = "{:<40} {:>9}" + " {:>12}" * len(systems + peers)
        print(form.format("figure", "unit", *systems,
                          *[f"/{peer}" for peer in peers]))
        for figure, (unit, _) in self.figures.items():
            print(form.format(
                figure, unit,
                *[number(self.median(figure, s)) for s in systems],
                *[number(self.ratio(figure, peer)) for peer in peers]))

    def _found(self, figure, other, relation, system):
        """The value to judge: a system's, or its ratio to another system's,
        to that of the best of the peers, or to another figure's."""
        if other is None:
            return self.median(figure, system)
        if other in self.subject.systems:
            return self.ratio(figure, other, system)
        if other == BEST_PEER:
            ratios = [self.ratio(figure, peer) for peer in self.subject.peers]
            best = min if relation == ">=" else max
            return best((r for r in ratios if r is not None), default=None)
        ours, base = self.median(figure, system), self.median(other, system)
        return ours / base if ours is not None and base else None

    def _print_verdicts(self):
        form = "{:<52} {:>22} {:>12} {:>10}  {}"
        lines = [form.format("to reach", "compared with", "limit", "found",
                             "")]
        for figure, other, relation, limit, *whose in self.subject.to_reach:
            system = whose[0] if whose else self.subject.systems[0]
            found = self._found(figure, other, relation, system)
            if found is None:
                continue
            if relation == ">=":
                missed = limit / found - 1 if found > 0 else 1
            else:
                missed = found / limit - 1
            verdict = ("reached" if missed <= 0 else
                       f"missed by a factor of {missed + 1:.2f}")
            if whose:
                figure = f"{figure} ({system})"
            lines.append(form.format(figure, other or "", f"{relation} "
                                     f"{number(limit)}", number(found),
                                     verdict))
        if len(lines) > 1:
            print("\n" + "\n".join(lines))
        print()

    def _write_csv(self):
        with self._file("csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("figure", "unit", "system", "median", "min",
                             "max", "n"))
            for figure, (unit, systems) in self.figures.items():
                for system, found in systems.items():
                    writer.writerow((figure, unit, system,
                                     statistics.median(found), min(found),
                                     max(found), len(found)))

    def _plot(self):
        subject = self.subject
        lines = []
        for figure, label in subject.plotted:
            base = self.median(figure, subject.base)
            if base:
                lines.append(" ".join([f'"{label}"'] + [
                    str((self.median(figure, s) or 0) / base)
                    for s in subject.systems]))
        if not lines or not shutil.which("gnuplot"):
            return
        bars = ", ".join(
            f'"{subject.name}.dat" using {column}:xtic(1) '
            f'title "{subject.legend.get(system, system)}"'
            for column, system in enumerate(subject.systems, 2))
        self._file("dat").write_text("\n".join(lines) + "\n")
        self._file("gp").write_text(PLOT.format(
            name=subject.name, title=subject.title, base=subject.base,
            bars=bars))
        subprocess.run(["gnuplot", self._file("gp").name], cwd=self.dir,
                       check=True)
