#!/usr/bin/env python3
"""When datagrams come, and the longest time without any.

    arrivals.py ADDR PORT

On SIGTERM it prints how long that was, in milliseconds, and when it ended, in
seconds since 1970.
"""
import signal
import socket
import sys
import time


def leave(_signal, _frame):
    print(f"{longest * 1000:.0f} {ended:.6f}", flush=True)
    sys.exit(0)


longest, ended, last = 0.0, 0.0, None
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], int(sys.argv[2])))
signal.signal(signal.SIGTERM, leave)
while True:
    s.recv(2048)
    now = time.time()
    if last is not None and now - last > longest:
        longest, ended = now - last, now
    last = now
