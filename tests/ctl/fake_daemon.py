"""A control socket whose answers a test writes, to show the clients things
that a real daemon says rarely, or never.

    with FakeDaemon({"/v1/status": {...}}) as fake:
        run([client, "-s", fake.socket, "status"])
        fake.answers["/v1/status"] = {...}
"""

import json
import os
import pathlib
import socketserver
import tempfile
import threading
from http.server import BaseHTTPRequestHandler


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def address_string(self):
        """A Unix-domain socket has none."""
        return "control"

    def log_message(self, *args):
        """Nothing is logged."""

    def do_GET(self):
        """Answer with what the test has written: JSON, text or octets."""
        fake = self.server.fake
        path, _, query = self.path.partition("?")
        fake.asked.append((path, query))
        fake.allowed.wait()
        status, answer = fake.find(path)
        if not isinstance(answer, (bytes, str)):
            answer = json.dumps(answer, ensure_ascii=False)
        body = answer if isinstance(answer, bytes) else answer.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers each connection in a thread."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """A client may go away before it has its answer."""


class FakeDaemon:
    """The socket. answers: by path; {"error": text} is status 400.

    asked: the requests so far, path and query. hang() lets requests wait.
    """

    def __init__(self, answers):
        self.answers = answers
        self.asked = []
        self.allowed = threading.Event()
        self.allowed.set()
        self.tmp = tempfile.TemporaryDirectory(prefix="fakedaemon")
        self.socket = str(pathlib.Path(self.tmp.name) / "sock")
        self.server = None
        self.start()

    def find(self, path):
        """Status and answer."""
        answer = self.answers.get(path, {"error": f"{path}: is unknown"})
        if callable(answer):
            answer = answer()
        refused = isinstance(answer, dict) and "error" in answer
        return 400 if refused else 200, answer

    def start(self):
        """Listen, for the first time or again."""
        self.server = Server(self.socket, Handler)
        self.server.fake = self
        threading.Thread(target=self.server.serve_forever,
                         kwargs={"poll_interval": 0.01},
                         daemon=True).start()

    def stop(self):
        """As a daemon that ends: the socket is gone."""
        self.server.shutdown()
        self.server.server_close()
        os.unlink(self.socket)

    def hang(self):
        """As a daemon that is stopped: it accepts, and does not answer."""
        self.allowed.clear()

    def go_on(self):
        """Answer what waits."""
        self.allowed.set()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.allowed.set()
        if os.path.exists(self.socket):
            self.stop()
        self.tmp.cleanup()
