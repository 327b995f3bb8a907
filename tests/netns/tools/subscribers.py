#!/usr/bin/env python3
"""Datagrams from many hosts, each of them one subscriber with one session.

    subscribers.py PREFIX NUMBER DESTINATION PORT

The hosts are PREFIX1, PREFIX2 and so on; the addresses are local.
"""

import socket
import sys

IP_FREEBIND = 15  # at SOL_IP, also for IPv6

prefix, number, destination, port = sys.argv[1:]
for i in range(1, int(number) + 1):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_IP, IP_FREEBIND, 1)
        s.bind((f"{prefix}{i:x}", 0))
        s.sendto(b"x", (destination, int(port)))
