#!/usr/bin/python3
"""An FTP server of one kind: without a command, or slow, or lying.

usage: ftp_server.py address port directory [word ...]

	no-epsv, no-pasv	that command is unknown
	bytewise		each byte of a reply in a segment of its own
	foreign			replies to PASV name another host
	no-noop			NOOP fails
"""

import socket
import sys
import time

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer

address, port, directory = sys.argv[1], int(sys.argv[2]), sys.argv[3]
words = sys.argv[4:]


class Handler(FTPHandler):
    authorizer = DummyAuthorizer()
    permit_foreign_addresses = False
    use_sendfile = False
    banner = "ready"
    proto_cmds = {
        name: value
        for name, value in FTPHandler.proto_cmds.items()
        if f"no-{name.lower()}" not in words
    }

    def respond(self, resp, *args, **kwargs):
        if "bytewise" not in words:
            super().respond(resp, *args, **kwargs)
            return
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in f"{resp}\r\n".encode():
            self.socket.setblocking(True)
            self.socket.send(bytes([byte]))
            self.socket.setblocking(False)
            time.sleep(0.001)


if "foreign" in words:
    Handler.masquerade_address = "203.0.113.99"
Handler.authorizer.add_anonymous(directory, perm="elradfmwMT")
server = ThreadedFTPServer((address, port), Handler)
server.serve_forever()
