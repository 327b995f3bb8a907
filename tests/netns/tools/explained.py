#!/usr/bin/python3
"""Does a manual name all members of an answer?

    explained.py MANUAL <answer

The answer is JSON. Counters have the names that another manual explains.
"""

import json
import pathlib
import re
import sys


def members(value):
    """Of objects, at any depth."""
    if isinstance(value, dict):
        yield from value
        for name, inner in value.items():
            if name not in ("counters", "dropped-packets"):
                yield from members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner)


words = set(re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*",
                       pathlib.Path(sys.argv[1]).read_text()))
missing = set(members(json.load(sys.stdin))) - words
sys.exit(f"missing: {sorted(missing)}" if missing else 0)
