#!/usr/bin/env python3
"""Datagrams in bursts, each with bytes of its own, and an echo service.

    volley.py echo PORT
    volley.py send ADDRESS PORT COUNT BYTES

"send" prints "whole N wrong N": how many came back, once and as they were sent,
and how many others.
"""
import socket
import sys

BURST = 50


def make(family):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
    s.setsockopt(socket.SOL_SOCKET, 32, 8 << 20)  # SO_SNDBUFFORCE
    return s


def echo(port):
    s = make(socket.AF_INET)
    s.bind(("", port))
    while True:
        s.sendto(*s.recvfrom(65536))


def send(address, port, count, size):
    s = make(socket.AF_INET6)
    s.connect((address, port))
    s.settimeout(10)
    missing, whole, wrong = set(), 0, 0
    try:
        for first in range(0, count, BURST):
            for i in range(first, first + BURST):
                data = (b"%08d" % i) * (size // 8)
                missing.add(data)
                s.send(data)
            while missing:
                data = s.recv(65536)
                whole += data in missing
                wrong += data not in missing
                missing.discard(data)
    except TimeoutError:
        pass
    print(f"whole {whole} wrong {wrong}")


if sys.argv[1] == "echo":
    echo(int(sys.argv[2]))
send(sys.argv[2], *map(int, sys.argv[3:]))
