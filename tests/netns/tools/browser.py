"""Chromium without a window, driven through its debugging protocol.

    with Browser() as browser:
        page = browser.open("http://127.0.0.1:9464/", width=360, dark=True)
        page.until("document.title === 'nat64d'", "the title")
        image = page.shoot()

Messages are JSON, each with an octet 0 at its end, in two pipes: descriptors 3
and 4 of the browser.
"""

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

# The one without windows is enough, and smaller.
PROGRAMS = ("chromium-headless-shell", "chromium")
PATIENCE = 60


class NoBrowser(Exception):
    """It is not installed, or cannot run on this machine."""


def find():
    """The path of the browser, or None."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Browser:
    """A browser with a profile of its own, which is removed at the end."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="browser")
        self.n_sent = 0
        self.buffer = b""
        self.pages = {}  # session to page
        their_in, self.to = os.pipe()
        self.of, their_out = os.pipe()
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$@" 3<&"$IN" 4>&"$OUT"', "sh", find(),
             "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--disable-background-networking",
             "--disable-component-update", "--disable-extensions",
             "--disable-sync", "--no-first-run", "--no-proxy-server",
             "--force-color-profile=srgb", "--hide-scrollbars",
             f"--user-data-dir={self.home}/profile",
             "--remote-debugging-pipe", "about:blank"],
            env={**os.environ, "HOME": self.home, "IN": str(their_in),
                 "OUT": str(their_out), "TZ": "UTC"},
            pass_fds=(their_in, their_out), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        os.close(their_in)
        os.close(their_out)
        try:
            self.do("Browser.getVersion")
        except (EOFError, OSError) as error:
            self.__exit__()
            raise NoBrowser("Chromium does not run here: status "
                            f"{self.process.returncode}") from error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.to)
        os.close(self.of)
        try:
            # All of its processes.
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(PATIENCE)
        shutil.rmtree(self.home, ignore_errors=True)

    def read(self, end):
        """The next message; TimeoutError when there is none until then."""
        while b"\0" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.of], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            data = os.read(self.of, 1 << 20)
            if not data:
                raise EOFError("the browser has ended")
            self.buffer += data
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def tell(self, message):
        """Give an event to its page."""
        page = self.pages.get(message.get("sessionId"))
        if page is not None:
            page.hear(message["method"], message["params"])

    def post(self, method, params, session=None):
        """Send a command; returns its number."""
        self.n_sent += 1
        message = {"id": self.n_sent, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        return self.n_sent

    def do(self, method, session=None, **params):
        """Send a command and return its result."""
        number = self.post(method, params, session)
        end = time.monotonic() + PATIENCE
        while True:
            message = self.read(end)
            if "method" in message:
                self.tell(message)
            elif message["id"] == number:
                break
        if "error" in message:
            raise RuntimeError(f"{method}: {message['error']['message']}")
        return message["result"]

    def open(self, url, **settings):
        """A page at this address; see Page."""
        return Page(self, url, **settings)


class Page:
    """A page. errors: what its console has complained of. requested: the
    addresses that it has asked for. answers: path to the text that is answered
    instead of that of the server.
    """

    def __init__(self, browser, url, width=1200, height=800, dark=False,
                 scripts=True, answers=None):
        self.browser = browser
        self.errors = []
        self.requested = []
        self.answers = answers or {}
        target = browser.do("Target.createTarget", url="about:blank")
        self.target = target["targetId"]
        self.session = browser.do("Target.attachToTarget", flatten=True,
                                  targetId=self.target)["sessionId"]
        browser.pages[self.session] = self
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.do(f"{domain}.enable")
        if self.answers:
            self.do("Fetch.enable",
                    patterns=[{"urlPattern": f"*{path}"}
                              for path in self.answers])
        self.do("Emulation.setDeviceMetricsOverride", width=width,
                height=height, deviceScaleFactor=1, mobile=width < 600)
        self.do("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme",
             "value": "dark" if dark else "light"}])
        self.do("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.do("Page.navigate", url=url)

    def do(self, method, **params):
        """A command to this page."""
        return self.browser.do(method, self.session, **params)

    def hear(self, event, params):
        """An event."""
        if event == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])
        elif event == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get(
                "description", details["text"]))
        elif event == "Runtime.consoleAPICalled" and \
                params["type"] in ("error", "assert"):
            self.errors.append(str(params["args"]))
        elif event == "Network.requestWillBeSent":
            self.requested.append(params["request"]["url"])
        elif event == "Fetch.requestPaused":
            self.answer(params)

    def answer(self, paused):
        """Answer a request in place of the server."""
        url = paused["request"]["url"]
        text = next(text for path, text in self.answers.items()
                    if url.endswith(path))
        self.browser.post("Fetch.fulfillRequest", {
            "requestId": paused["requestId"], "responseCode": 200,
            "body": base64.b64encode(text.encode()).decode()}, self.session)

    def value(self, expression):
        """The value of an expression of JavaScript, which may be a promise."""
        result = self.do("Runtime.evaluate", expression=expression,
                         awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def until(self, expression, what, seconds=PATIENCE):
        """Poll until it is true; returns its value."""
        end = time.monotonic() + seconds
        while True:
            value = self.value(expression)
            if value:
                return value
            if time.monotonic() > end:
                text = str(self.value("document.body?.innerText"))
                raise TimeoutError(f"{what}; the page: " +
                                   " ".join(text.split())[:1500])
            time.sleep(0.05)

    def shoot(self):
        """An image of the whole page, as PNG."""
        size = self.do("Page.getLayoutMetrics")["cssContentSize"]
        image = self.do("Page.captureScreenshot", format="png",
                        captureBeyondViewport=True,
                        clip={"x": 0, "y": 0, "scale": 1,
                              "width": size["width"],
                              "height": size["height"]})
        return base64.b64decode(image["data"])

    def close(self):
        """Close it."""
        self.browser.do("Target.closeTarget", targetId=self.target)
        self.browser.pages.pop(self.session, None)
