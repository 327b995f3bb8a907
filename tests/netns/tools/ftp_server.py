#!/usr/bin/python3
"""FTP servers of several kinds: without a command, or slow, or lying.

usage: ftp_server.py address directory port:kind ...

	no-epsv, no-pasv	that command is unknown
	bytewise		each byte of a reply in a segment of its own
	foreign			replies to PASV name another host
	no-noop			NOOP fails
	long			the greeting has many lines; EPSV is unknown
"""

import os
import socket
import sys
import time

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer

address, directory = sys.argv[1:3]
GREETING = "\n".join(["a line of a long greeting"] * 40)


class Bytewise(FTPHandler):
    def respond(self, resp, *args, **kwargs):
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(True)
        for byte in f"{resp}\r\n".encode():
            self.socket.send(bytes([byte]))
            time.sleep(0.001)
        self.socket.setblocking(False)


def make_handler(kind):
    class Handler(Bytewise if kind == "bytewise" else FTPHandler):
        authorizer = DummyAuthorizer()
        use_sendfile = False
        banner = GREETING if kind == "long" else "ready"
        proto_cmds = {
            name: value
            for name, value in FTPHandler.proto_cmds.items()
            if kind != f"no-{name.lower()}"
            and not (kind == "long" and name == "EPSV")
        }

    if kind == "foreign":
        Handler.masquerade_address = "203.0.113.99"
    Handler.authorizer.add_anonymous(directory, perm="elradfmwMT")
    return Handler


def serve(word):
    port, kind = word.split(":")
    server = ThreadedFTPServer((address, int(port)), make_handler(kind))
    server.serve_forever()


# Servers of one process would share their event loop.
for word in sys.argv[4:]:
    if os.fork() == 0:
        serve(word)
serve(sys.argv[3])
