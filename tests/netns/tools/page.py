#!/usr/bin/env python3
"""Is a page well-formed, does it load nothing of other servers, and does it
have all that its scripts look for?

    page.py page.html script.js ...

HTML of these pages is written so that it is XML as well, which can be checked
strictly. Prints what is wrong.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree as ET

# Calls that take the id of an element.
BY_ID = re.compile(r'\b(?:byId|set|fill|hide|bar|new Chart)\("([a-z-]+)"')
LOADS = ("src", "href", "action", "data", "style", "srcset")


def check(page, scripts):
    """Yield what is wrong."""
    if not page.startswith("<!DOCTYPE html>\n"):
        yield "the page does not begin with its document type"
    root = ET.fromstring(page)
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    for name in {name for name in ids if ids.count(name) > 1}:
        yield f"two elements have the id {name}"
    for element in root.iter():
        for name, value in element.items():
            if name.startswith("on") or name == "style":
                yield f"inline: {element.tag} {name}={value}"
            elif name in LOADS and re.search(r":|^/", value):
                yield f"not relative: {element.tag} {name}={value}"
        if element.tag in ("script", "style") and element.text:
            yield f"inline {element.tag}"
    if not any(e.get("href") == "metrics" for e in root.iter("a")):
        yield "there is no link to the metrics"
    for script in scripts:
        for name in set(BY_ID.findall(script)) - set(ids):
            yield f"a script looks for {name}, which is not there"
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML",
                     "document.write", "eval(", "http:", "https:"):
            # The name of SVG is no address that is asked for.
            if word in script.replace("http://www.w3.org/2000/svg", ""):
                yield f"a script uses {word}"


texts = [pathlib.Path(name).read_text(encoding="utf-8")
         for name in sys.argv[1:]]
wrong = list(check(texts[0], texts[1:]))
print(*wrong, sep="\n")
sys.exit(1 if wrong else 0)
