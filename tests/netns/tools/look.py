#!/usr/bin/env python3
"""Look at the pages of both daemons in a browser. Called by e2e_browser.sh, in
the namespace where they run.

    look.py NAT64D-COMMAND ...	how nat64d is started again

Prints "ok", or "not ok" with the reason, for each thing that is looked at.
Exits with 77 and a reason if there is no browser. With SCREENSHOTS set to a
directory, images go there.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

sys.dont_write_bytecode = True

from browser import Browser, NoBrowser
from small_png import shrink

URLS = {"nat64d": "http://127.0.0.1:9464/", "dns64d": "http://127.0.0.1:9465/"}
SCREENSHOTS = os.environ.get("SCREENSHOTS")
# So long, there is something to be seen in a chart.
SECS = 66 if SCREENSHOTS else 0

# What stands where, as a regular expression.
AMOUNT = r"[0-9.,]+( [kMGT])?"
SHOWN = {
    "nat64d": {
        "state": "ready",
        "about": r"127\.0\.0\.1 · version \S+ · up .*",
        "sessions": r"[1-9][0-9,]*",
        "sessions-more": "of 100 k",
        "traffic-now": r"(?!0 )[0-9.]+ [kMG]?bit/s",
        "traffic-now-more": r"(?!0 )[0-9.]+ k? ?packets/s",
        "created": r"(?!0/)" + AMOUNT + "/s",
        "created-more": AMOUNT + "/s time out",
        "drops-now": r"(?!0/)" + AMOUNT + "/s",
        "drops-now-more": "most: no-binding",
        "fast-now": r"none|[0-9.]+ %",
        "pool-now": r"(< )?[0-9.]+ %",
        "pool-now-more": "of the (ports for (TCP|UDP|ICMP)|blocks)",
        "pool": r"(?s)TCP\s.*UDP\s.*ICMP\s.*blocks\s+[1-9].*",
        "fast": r"(?s)the fast path.*nat64d itself.*",
        "fast-note": "(There is no|[0-9]+ sessions are).*",
        "drops": r"(?s).*no-binding\s+" + AMOUNT + r"/s\s+[1-9][0-9,]*.*",
        "subscribers": r"(?s).*2001:db8::10\s+[1-9].*",
        "subscribers-note": "[1-9][0-9]* subscribers have sessions. Each may "
                            "have 500 sessions and 2,048 ports of each "
                            "protocol.",
    },
    "dns64d": {
        "state": "ready",
        "about": r"127\.0\.0\.1 · version \S+ · up .*",
        "queries-now": r"(?!0/)" + AMOUNT + "/s",
        "queries-now-more": "[1-9][0-9,]* since the start",
        "synthesised-now": r"(?!0/)" + AMOUNT + "/s",
        "failed-now": AMOUNT + "/s",
        "cache-now": r"(?!0 )[0-9.]+ %",
        "open": "[0-9,]+",
        "open-more": "of [0-9,]+",
        "upstreams-now": "[23] of 3",
        "answers": r"(?s).*synthesised AAAA\s.*",
        "upstreams": r"(?s).*198\.51\.100\.10\s+up\s+[0-9.]+ [mµ]?s\s.*",
        "cache": r"(?s)replies of upstreams\s+[1-9][0-9]*\s.*",
        "cache-note": ".* of 32 MiB in use; .*",
        "work": r"(?s).*from the cache\s.*",
    },
}
CHARTS = {"nat64d": ("traffic", "packets", "sessions-chart", "drops-chart"),
          "dns64d": ("queries", "answers-chart", "latency", "questions")}

# All text that can be read on the page, of which nothing may be one of these.
NONSENSE = r"\b(NaN|undefined|Infinity|null|\[object)"

# What is wider than the place that it has; tables reach into the margin of
# their card before they do anything else.
TOO_WIDE = """[document.documentElement, ...document.querySelectorAll(
    ".card, .tile, .tile dd, figcaption, table, #about, #alert")]
    .map((e) => e.tagName === "TABLE" ? [e, e.offsetWidth,
        e.parentElement.querySelector("h2").offsetWidth] :
        [e, e.scrollWidth, e.clientWidth])
    .filter(([, width, room]) => width > room + 1 && room > 0)
    .map(([e, width, room]) =>
        `${e.tagName} ${e.id} ${e.className}: ${width} in ${room}`)"""

# Texts whose contrast with their background is less than 4.5 (WCAG 2.1,
# 1.4.3).
TOO_PALE = """(() => {
    const rgb = (text) => text.match(/[0-9.]+/g).slice(0, 3).map(Number);
    const light = (c) => {
        const [r, g, b] = c.map((v) => v / 255 <= .03928 ? v / 255 / 12.92 :
            ((v / 255 + .055) / 1.055) ** 2.4);
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const back = (e) => {
        const colour = getComputedStyle(e).backgroundColor;
        return /, 0\\)$/.test(colour) ? back(e.parentElement) : colour;
    };
    return [...document.querySelectorAll("h1, dt, dd, li, td, th, p, a, span")]
        .filter((e) => e.textContent.trim() !== "" && e.checkVisibility())
        .map((e) => {
            const a = light(rgb(getComputedStyle(e).color));
            const b = light(rgb(back(e)));
            return [e.tagName + " " + e.textContent,
                (Math.max(a, b) + .05) / (Math.min(a, b) + .05)];
        }).filter(([, contrast]) => contrast < 4.5);
})()"""

failed = 0


def check(what, function):
    """Run a test, which raises an exception if it fails."""
    global failed
    try:
        function()
        print(f"ok {what}", flush=True)
    except Exception as error:  # whatever it is, others go on
        failed += 1
        reason = str(error).replace("\n", "\n  ")
        print(f"not ok {what}\n  {type(error).__name__}: {reason}", flush=True)


def nothing(value):
    """Fail if there is something."""
    if value:
        raise AssertionError(str(value))


def text_of(page, name):
    """The text of an element, as it is read."""
    return page.value(
        f"document.getElementById({json.dumps(name)})?.innerText ?? ''")


def wait_for_values(page, shown):
    """Until all values are as described. Some rates are 0 at times."""
    left = dict(shown)
    end = time.monotonic() + 90
    while left:
        texts = {name: text_of(page, name) for name in left}
        left = {name: regex for name, regex in left.items()
                if not re.fullmatch(regex, texts[name])}
        if left and time.monotonic() > end:
            raise AssertionError("\n".join(
                f"{name}: expected {regex!r}, found {texts[name]!r}"
                for name, regex in left.items()))
        time.sleep(0.05)


def wait_for_lines(page, names):
    """Until each chart has a line."""
    for name in names:
        page.until(f"/L/.test(document.querySelector('#{name} path.line')"
                   "?.getAttribute('d') ?? '')", f"a line in {name}")


def same_origin(page, url):
    """Everything has been asked of the server of the page."""
    nothing([asked for asked in page.requested if not asked.startswith(url)])
    if len(page.requested) < 5:
        raise AssertionError(f"only {page.requested} were asked for")


def is_dark(page, dark):
    """The background is dark, or light."""
    colour = page.value("getComputedStyle(document.body).backgroundColor")
    if (sum(map(int, re.findall("[0-9]+", colour)[:3])) < 200) != dark:
        raise AssertionError(colour)


def look_at(page, name, what, dark):
    """One page, in one form."""
    check(f"{what}: all values are there",
          lambda: wait_for_values(page, SHOWN[name]))
    check(f"{what}: all charts have lines",
          lambda: wait_for_lines(page, CHARTS[name]))
    check(f"{what}: nothing is nonsense", lambda: nothing(re.findall(
        NONSENSE, page.value("document.body.innerText"))))
    check(f"{what}: nothing is wider than its place",
          lambda: nothing(page.value(TOO_WIDE)))
    check(f"{what}: all texts have enough contrast",
          lambda: nothing(page.value(TOO_PALE)))
    check(f"{what}: it is {'dark' if dark else 'light'}",
          lambda: is_dark(page, dark))
    check(f"{what}: the console has no error", lambda: nothing(page.errors))
    check(f"{what}: nothing was asked of another server",
          lambda: same_origin(page, URLS[name]))


def look_at_all(browser):
    """Both pages, on a phone and on a screen, light and dark."""
    forms = [(name, width, dark) for name in URLS for width in (360, 1200)
             for dark in (False, True)]
    pages = {form: browser.open(URLS[form[0]], width=form[1], dark=form[2])
             for form in forms}
    for form, page in pages.items():
        name, width, dark = form
        look_at(page, name, f"{name}, {width} pixels, "
                f"{'dark' if dark else 'light'}", dark)
    end = time.monotonic() + SECS
    while time.monotonic() < end:
        for page in pages.values():
            page.value("0")  # hear its events
        time.sleep(1)
    for (name, width, dark), page in pages.items():
        if SCREENSHOTS and dark == (width == 360):
            shoot(browser, page, name + ("-phone" if width == 360 else ""))
        page.close()


def shoot(browser, page, name):
    """Write an image of a page."""
    blank = browser.open("about:blank")
    with open(f"{SCREENSHOTS}/{name}.png", "wb") as file:
        file.write(shrink(blank, page.shoot()))
    blank.close()


# --- values that somebody has chosen ---

HOSTILE = ("<img src=x onerror=hacked=1><script>hacked=1</script>"
           "<b>&lt;&amp;</b>${1}__proto__ \\\\ \\\"" + "x" * 200)
HUGE = "18446744073709551615"


def hostile_metrics(url, more):
    """Metrics with huge values and labels that try to be HTML."""
    with urllib.request.urlopen(url + "metrics", timeout=30) as answer:
        text = answer.read().decode()
    text = re.sub(r'="[^"]*"\} ', f'="{HOSTILE}"}} ',
                  text.replace("\\", "\\\\"))
    text = re.sub(r"(?m)^([a-z].* )[0-9.]+$", r"\g<1>" + HUGE, text)
    text = re.sub(r"(?m)^(\S+_up) .*$", r"\1 1", text)
    return text + more


def is_only_text(page, name, element):
    """The label is there as it was given, and nothing came of it."""
    page.until(f"document.getElementById('{element}')?.innerText"
               ".includes('<img src=x onerror')", "the text")
    nothing(page.value("window.hacked"))
    nothing(page.value("document.querySelectorAll('main img, main b, "
                       "main script').length"))
    nothing(page.value(TOO_WIDE))
    nothing(page.errors)


def hostile(browser, name, element, more=""):
    """A page whose values were chosen by somebody else."""
    metrics = hostile_metrics(URLS[name], more)
    page = browser.open(URLS[name], width=360,
                        answers={"/metrics": metrics})
    check(f"{name}: what strangers have chosen is only text",
          lambda: is_only_text(page, name, element))
    return page


def hostile_subscribers(browser):
    """The same of the list of subscribers."""
    found = {"number": 1, "subscribers": [
        {"subscriber": HOSTILE, "sessions": 2 ** 53, "tcp": 1, "udp": 1,
         "icmp": 1, "port-limit": 0}]}
    page = browser.open(URLS["nat64d"], width=360, answers={
        "/subscribers": json.dumps({"shown": True, "found": found})})
    check("nat64d: the name of a subscriber is only text",
          lambda: is_only_text(page, "nat64d", "subscribers"))
    page.close()


def not_ready(browser):
    """A daemon that works but cannot do its work, and says why."""
    page = browser.open(URLS["nat64d"], width=360, answers={
        "/metrics": "nat64d_up 0\n", "/ready": "none <b>of</b> it\n"})
    check("nat64d: a page without most values says what is missing",
          lambda: page.until("document.getElementById('alert')?.innerText === "
                             "'Not ready: none <b>of</b> it'", "the reason"))
    check("nat64d: and shows that", lambda: page.until(
        "document.querySelector('#state.bad').innerText === 'not ready'",
        "the state"))
    page.close()


def many_upstreams(browser):
    """As many as there may be: a table of all, a chart of four."""
    more = "".join(
        f'dns64d_upstream_up{{upstream="[2001:db8:{i}::1]:53"}} {i % 2}\n'
        f'dns64d_upstream_rtt_seconds{{upstream="[2001:db8:{i}::1]:53"}} .{i}\n'
        for i in range(10, 73))
    page = hostile(browser, "dns64d", "upstreams", more)
    check("dns64d: 64 upstreams are in its table", lambda: page.until(
        "document.getElementById('upstreams')?.rows.length === 64", "rows"))
    check("dns64d: four of them are in its chart", lambda: page.until(
        "document.querySelectorAll('#latency .legend li').length === 4",
        "lines"))
    page.close()


# --- what happens to a page ---

def without_scripts(browser):
    """The text that is there without scripts."""
    for name, url in URLS.items():
        page = browser.open(url, width=360, scripts=False)
        check(f"{name}: without scripts, there is a link to the metrics",
              lambda: page.until(
                  "document.querySelector('#wait a[href=metrics]')"
                  "?.checkVisibility()", "the link"))
        page.close()


def selection_stays(page):
    """A marked address stays marked when the values are read again."""
    page.until("document.getElementById('subscribers')?.rows.length > 0",
               "a subscriber")
    marked = page.value(
        "getSelection().selectAllChildren(document.querySelector("
        "'#subscribers td')), getSelection().toString()")
    seen = len(page.requested)
    page.until(f"{seen} + 4 < performance.getEntriesByType('resource').length",
               "two more samples")
    found = page.value("getSelection().toString()")
    if not marked or found != marked:
        raise AssertionError(f"{marked!r} was marked, and then {found!r}")


def refused(browser):
    """A server that is not that of the page any more."""
    page = browser.open(URLS["dns64d"], width=360,
                        answers={"/metrics": "<html>Log in</html>"})
    check("dns64d: a page tells that it does not get metrics",
          lambda: page.until("/^No answer since .*: there are no metrics/.test("
                             "document.getElementById('alert')?.innerText)",
                             "an alert"))
    page.close()


def lost_and_found(page, command):
    """nat64d ends, which the page tells, and is started again."""
    shown = "!document.getElementById('alert').hidden"
    alert = "document.getElementById('alert').textContent"
    os.kill(int(os.environ["NAT64D"]), signal.SIGTERM)
    page.until(f"{shown} && /^No answer since /.test({alert})", "an alert")
    page.until("document.querySelector('main.stale') !== null", "pale values")
    with subprocess.Popen(command, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as daemon:
        try:
            page.until(f"!({shown})", "no alert")
            page.until("document.querySelector('main.stale') === null",
                       "values")
            page.until("/ up [0-9]+ s$/.test(document.getElementById('about')"
                       ".textContent)", "the time since the start")
        finally:
            daemon.terminate()
            daemon.wait(60)


def main():
    """All of it."""
    with Browser() as browser:
        look_at_all(browser)
        hostile(browser, "nat64d", "drops").close()
        not_ready(browser)
        many_upstreams(browser)
        hostile_subscribers(browser)
        refused(browser)
        without_scripts(browser)
        page = browser.open(URLS["nat64d"])
        check("nat64d: a marked address stays marked",
              lambda: selection_stays(page))
        check("nat64d: a page tells when its daemon ends and comes back",
              lambda: lost_and_found(page, sys.argv[1:]))
    return 1 if failed else 0


try:
    sys.exit(main())
except NoBrowser as error:
    print(error)
    sys.exit(77)
