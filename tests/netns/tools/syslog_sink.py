#!/usr/bin/env python3
"""A collector of syslog: writes each message to standard output, one per line.

usage: syslog_sink.py udp|tcp ADDRESS PORT

Over TCP, messages have their length before them (RFC 6587, 3.4.1); what does
not have that ends the program.
"""
import socket
import sys


def say(message):
    print(message.decode("ascii"), flush=True)


def read_messages(stream):
    while True:
        length = b""
        while not length.endswith(b" "):
            octet = stream.read(1)
            if not octet:
                return
            length += octet
        say(stream.read(int(length)))


kind, address, port = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
sock = socket.socket(
    family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM
)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind((address, int(port)))
if kind == "udp":
    while True:
        say(sock.recv(65536))
sock.listen()
while True:
    connection, _ = sock.accept()
    read_messages(connection.makefile("rb"))
