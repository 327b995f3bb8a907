"""How often, for how long and in what order all benchmarks measure.

Only the ratios of one run say something: machines differ, and so do their
loads. Each figure is therefore measured for all systems in turn, several
times, and the medians count. ROUNDS and SECS in the environment change how
often and for how long.
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
