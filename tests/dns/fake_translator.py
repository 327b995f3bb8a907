"""A stand-in for a translator's metrics address (dns64d.conf(5),
TRANSLATORS): HTTP on loopback, answers as scripted.

    nat64 = FakeTranslator()
    nat64.sessions, nat64.limit, nat64.up = 10, 100, 1
    nat64.draining = 1
    nat64.script = lambda handler: handler.send_error(500)
    nat64.polls                             how often it was asked
"""

import contextlib
import http.server
import socket
import threading


class Server(http.server.ThreadingHTTPServer):
    """Ends without waiting for connections."""

    daemon_threads = True

    def __init__(self, addr, port):
        if ":" in addr:
            self.address_family = socket.AF_INET6
        super().__init__((addr, port), Handler)


class Handler(http.server.BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """What the translator says of itself, or its script."""
        self.server.owner.polls.append((self.path, dict(self.headers)))
        with contextlib.suppress(ConnectionError):
            self.server.owner.script(self)
        self.close_connection = True

    def answer(self, body, **headers):
        """A good answer with this body."""
        self.send_response(200)
        headers.setdefault("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Nothing."""


class FakeTranslator:
    """See the head of the file."""

    def __init__(self, addr="127.0.0.1", port=0):
        self.sessions, self.limit, self.up, self.draining = 0, 100, 1, 0
        self.nodes = [self]
        self.polls = []
        self.script = self.metrics
        self.addr = addr
        self.start(port)

    def start(self, port=0):
        """Listen, on the old port when that is given."""
        self.server = Server(self.addr, port)
        self.server.owner = self
        self.port = self.server.server_address[1]
        host = f"[{self.addr}]" if ":" in self.addr else self.addr
        self.host = f"{host}:{self.port}"
        self.url = f"http://{self.host}/metrics"
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       args=(0.02,), daemon=True)
        self.thread.start()

    def stop(self):
        """Listen no more: connections are refused."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def metrics(self, handler):
        """What nat64d answers."""
        handler.answer(
            "# HELP nat64d_up 1 when it takes new sessions\n"
            "# TYPE nat64d_up gauge\n"
            f"nat64d_up {self.up}\n"
            f"nat64d_draining {self.draining}\n"
            f"nat64d_sessions {self.sessions}\n"
            f"nat64d_sessions_max {self.limit}\n".encode())

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()


class FakePair:
    """Two nodes, of which the first one translates."""

    def __init__(self):
        self.nodes = [FakeTranslator(), FakeTranslator()]
        self.nodes[1].up = 0

    @property
    def polls(self):
        """Those of both."""
        return self.nodes[0].polls and self.nodes[1].polls

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        for node in self.nodes:
            node.stop()
