"""How often, for how long and in what order all benchmarks measure.

Machines and their loads differ, so only ratios of one run can be compared.
Therefore each figure is measured for all systems in turn, several times, and
the medians are used. The environment variables ROUNDS and SECS set how often
and for how many seconds.
"""

import os

ROUNDS = int(os.environ.get("ROUNDS", "3"))
SECS = float(os.environ.get("SECS", "1.2"))


def in_turn(figures, systems):
    """All figures of all systems, again and again."""
    for _ in range(ROUNDS):
        for figure in figures:
            for system in systems:
                yield figure, system
