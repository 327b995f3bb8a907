#!/usr/bin/env python3
"""Datagrams in bursts, each with bytes of its own, and an echo service.

    volley.py echo PORT
    volley.py send ADDRESS PORT COUNT BYTES [OTHER-BYTES]

The service sets no DF. "send" prints "whole N wrong N late N": how many came
back once and as they were sent, how many others, and how many after a later
one. Every second one has the other size.
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
    s.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER, _DONT
    s.bind(("", port))
    while True:
        s.sendto(*s.recvfrom(65536))


def send(address, port, count, *sizes):
    s = make(socket.AF_INET6)
    s.connect((address, port))
    s.settimeout(10)
    missing, last, whole, wrong, late = set(), -1, 0, 0, 0
    try:
        for first in range(0, count, BURST):
            for i in range(first, first + BURST):
                data = (b"%08d" % i) * (sizes[i % len(sizes)] // 8)
                missing.add(data)
                s.send(data)
            while missing:
                data = s.recv(65536)
                whole += data in missing
                wrong += data not in missing
                missing.discard(data)
                late += int(data[:8]) < last
                last = max(last, int(data[:8]))
    except TimeoutError:
        pass
    print(f"whole {whole} wrong {wrong} late {late}")


if sys.argv[1] == "echo":
    echo(int(sys.argv[2]))
send(sys.argv[2], *map(int, sys.argv[3:]))
