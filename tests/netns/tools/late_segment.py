#!/usr/bin/env python3
"""Open a connection to an echo service, wait until a file says so, send some
bytes on it, and print the result.

usage: late_segment.py ADDRESS PORT BYTES READY GO

READY is made once the connection works, GO is waited for. Prints "answered",
"reset", or "silence" after two seconds without either.
"""
import os
import socket
import sys
import time

address, port, size, ready, go = sys.argv[1:]
s = socket.create_connection((address, int(port)), timeout=5)
s.sendall(b"hello")
assert s.recv(5) == b"hello"
open(ready, "w").close()
while not os.path.exists(go):
    time.sleep(0.02)
s.settimeout(2)
try:
    s.sendall(bytes(int(size)))
    print("answered" if s.recv(1) else "closed")
except TimeoutError:
    print("silence")
except ConnectionResetError:
    print("reset")
