#!/usr/bin/env python3
"""Check a dashboard for Grafana against the metrics of a daemon and against a
Prometheus that has read them.

    dashboard.py DASHBOARD.json METRICS.txt http://PROMETHEUS

Its panels are numbered once and do not overlap; each metric exists, with the
labels that are asked for; counters are used by their growth and gauges by their
value; and each expression has a value that is a number. Prints what is wrong.
"""

import json
import math
import pathlib
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

COLUMNS = 24  # of a dashboard
PATIENCE = 60  # seconds until there are two samples
# Grafana replaces these.
VARIABLES = {"$__rate_interval": "30s", "$instance": ".+"}

dashboard = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
metrics = pathlib.Path(sys.argv[2]).read_text(encoding="utf-8")
server = sys.argv[3]
types = dict(re.findall(r"(?m)^# TYPE (\S+) (\S+)$", metrics))
labels = {}
for name, label in re.findall(r'(?m)^(\w+)\{(\w+)="', metrics):
    labels.setdefault(name, set()).add(label)
prefix = pathlib.Path(sys.argv[1]).stem + "_"
# Where the kernel allows no fast path, there are no metrics of it.
has_fastpath = "nat64d_fastpath_flows" in types


def check_layout(panels):
    """Numbers and places."""
    ids = [panel["id"] for panel in panels]
    if len(set(ids)) != len(ids):
        yield f"panels with the same number: {ids}"
    taken = {}
    for panel in panels:
        at = panel["gridPos"]
        if at["x"] + at["w"] > COLUMNS:
            yield f"{panel['title']}: is beyond the right side"
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                if (x, y) in taken:
                    yield f"{panel['title']}: is above {taken[x, y]}"
                    return
                taken[x, y] = panel["title"]


def check_names(title, expr):
    """Metrics and labels."""
    for found in re.finditer(rf"(\w+\()?({prefix}\w+)\{{([^}}]*)\}}", expr):
        function, name, selectors = found.groups()
        if name not in types:
            if has_fastpath or "_fastpath_" not in name:
                yield f"{title}: there is no metric {name}"
            continue
        if (types[name] == "counter") != (function == "rate("):
            yield f"{title}: {name} is a {types[name]}"
        if 'instance=~"$instance"' not in selectors:
            yield f"{title}: {name} of which instance?"
        for label in re.findall(r"(\w+)=", selectors):
            if label not in labels.get(name, set()) | {"instance"}:
                yield f"{title}: {name} has no label {label}"
    for left in set(re.findall(rf"{prefix}\w+(?!\w|\{{)", expr)):
        yield f"{title}: {left} is without selectors"


def check_legend(title, target):
    """Labels of the legend are those that the expression keeps."""
    kept = {label for by in re.findall(r"by \(([^)]*)\)", target["expr"])
            for label in by.split(", ")}
    for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
        if label not in kept:
            yield f"{title}: the legend has {label}, the expression not"


def ask(expr):
    """The values of an expression now, as text."""
    for variable, text in VARIABLES.items():
        expr = expr.replace(variable, text)
    url = f"{server}/api/v1/query?" + urllib.parse.urlencode({"query": expr})
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            found = json.load(answer)
    except urllib.error.HTTPError as error:
        raise ValueError(error.read().decode()) from error
    return [sample["value"][1] for sample in found["data"]["result"]]


def check_value(title, expr):
    """Prometheus has a value of it, at once or after the next samples."""
    # These have none while nothing happens.
    may_be_empty = re.search(r"> 0\)?$", expr)
    end = time.monotonic() + PATIENCE
    try:
        values = ask(expr)
        while not values and not may_be_empty and time.monotonic() < end:
            time.sleep(.1)
            values = ask(expr)
    except ValueError as error:
        yield f"{title}: {expr}: {error}"
        return
    if not values and not may_be_empty:
        yield f"{title}: {expr}: no value"
    if not all(math.isfinite(float(value)) for value in values):
        yield f"{title}: {expr}: {values}"


def check(panels):
    """All of it."""
    yield from check_layout(panels)
    for panel in panels:
        title = panel["title"]
        refs = [target["refId"] for target in panel["targets"]]
        if not refs or len(set(refs)) != len(refs):
            yield f"{title}: has the queries {refs}"
        for target in panel["targets"]:
            names = list(check_names(title, target["expr"]))
            yield from names or check_value(title, target["expr"])
            yield from check_legend(title, target)


wrong = list(check(dashboard["panels"]))
print(*wrong, sep="\n")
sys.exit(1 if wrong else 0)
