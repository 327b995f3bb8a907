"""Results of benchmarks: medians, ratios, what was to be reached; a table, a
CSV file and a plot."""

import csv
import pathlib
import shutil
import statistics
import subprocess

SYSTEMS = ("nat64d", "tayga", "nat44")

# What issue 5 wants: figure, compared with (a system, a figure, or nothing:
# the value itself), relation, limit.
TO_REACH = (
    ("tcp down, 1 streams", "tayga", ">=", 7),
    ("tcp up, 1 streams", "tayga", ">=", 7),
    ("tcp down, 1 streams", "nat44", ">=", 0.55),
    ("tcp up, 1 streams", "nat44", ">=", 0.55),
    ("udp 64 B, 1 flows: delivered", "tayga", ">=", 2.2),
    ("udp 64 B, 1 flows: loss", None, "<=", 1),
    ("udp 64 B, 1 flows: daemon CPU", "tayga", "<=", 0.5),
    ("core packet-1", None, "<=", 120),
    ("core packet-1M", None, "<=", 400),
    ("core new-sessions-1M", None, ">=", 1e6),
    ("core session-memory-1M", None, "<=", 320),
    ("core port-99.9%-full", "core port-50%-full", "<=", 3),
)

# Plotted: one group of bars each, as multiples of what tayga reaches.
PLOTTED = (
    ("tcp down, 1 streams", "TCP 1 down"),
    ("tcp up, 1 streams", "TCP 1 up"),
    ("tcp down, 64 streams", "TCP 64 down"),
    ("tcp up, 64 streams", "TCP 64 up"),
    ("udp 64 B, 1 flows: delivered", "UDP 64 B"),
    ("udp 1400 B, 1 flows: delivered", "UDP 1400 B"),
    ("udp 64 B, 64 flows: delivered", "UDP 64 B x 64"),
    ("connections", "connections/s"),
)

PLOT = """\
set terminal svg size 960,420 font "sans,12"
set output "bench.svg"
set title "Throughput as multiples of TAYGA + masquerade"
set style data histogram
set style fill solid 0.8 border -1
set logscale y
set ylabel "times TAYGA"
set grid y
set key top right
set xtics nomirror
plot "bench.dat" using 2:xtic(1) title "nat64d", \\
    "" using 3 title "tayga + nft", "" using 4 title "kernel NAT44"
"""


def number(value):
    """Four digits are enough, whatever the size."""
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


class Report:
    """Collects values by figure and system."""

    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        self.figures = {}  # name: (unit, {system: [value, ...]})

    def add(self, figure, unit, system, value):
        _, systems = self.figures.setdefault(figure, (unit, {}))
        systems.setdefault(system, []).append(value)

    def median(self, figure, system="nat64d"):
        found = self.figures.get(figure, ("", {}))[1].get(system)
        return statistics.median(found) if found else None

    def ratio(self, figure, other):
        ours, theirs = self.median(figure), self.median(figure, other)
        if ours is None or not theirs:
            return None
        return ours / theirs

    def finish(self, seconds):
        self.dir.mkdir(parents=True, exist_ok=True)
        self._print_table()
        self._print_verdicts()
        self._write_csv()
        self._plot()
        print(f"\n{seconds:.0f} s; results in {self.dir}")

    def _print_table(self):
        form = "{:<36} {:>9} {:>10} {:>10} {:>10} {:>8} {:>8}"
        print(form.format("figure", "unit", *SYSTEMS, "/tayga", "/nat44"))
        for figure, (unit, _) in self.figures.items():
            print(form.format(
                figure, unit,
                *[number(self.median(figure, s)) for s in SYSTEMS],
                number(self.ratio(figure, "tayga")),
                number(self.ratio(figure, "nat44"))))

    def _found(self, figure, other):
        if other is None:
            return self.median(figure)
        if other in SYSTEMS:
            return self.ratio(figure, other)
        ours, base = self.median(figure), self.median(other)
        return ours / base if ours is not None and base else None

    def _print_verdicts(self):
        form = "{:<36} {:>22} {:>12} {:>10}  {}"
        print("\n" + form.format("to reach", "compared with", "limit",
                                 "found", ""))
        for figure, other, relation, limit in TO_REACH:
            found = self._found(figure, other)
            if found is None:
                continue
            if relation == ">=":
                missed = limit / found - 1 if found > 0 else 1
            else:
                missed = found / limit - 1
            verdict = ("reached" if missed <= 0 else
                       f"missed by a factor of {missed + 1:.2f}")
            print(form.format(figure, other or "", f"{relation} "
                              f"{number(limit)}", number(found), verdict))

    def _write_csv(self):
        with (self.dir / "bench.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("figure", "unit", "system", "median", "min",
                             "max", "n"))
            for figure, (unit, systems) in self.figures.items():
                for system, found in systems.items():
                    writer.writerow((figure, unit, system,
                                     statistics.median(found), min(found),
                                     max(found), len(found)))

    def _plot(self):
        lines = []
        for figure, label in PLOTTED:
            base = self.median(figure, "tayga")
            if base:
                lines.append(" ".join([f'"{label}"'] + [
                    str((self.median(figure, s) or 0) / base)
                    for s in SYSTEMS]))
        if not lines or not shutil.which("gnuplot"):
            return
        (self.dir / "bench.dat").write_text("\n".join(lines) + "\n")
        (self.dir / "bench.gp").write_text(PLOT)
        subprocess.run(["gnuplot", "bench.gp"], cwd=self.dir, check=True)
