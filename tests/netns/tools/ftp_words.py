#!/usr/bin/env python3
"""Say words to an FTP server; print the codes of the replies.

usage: ftp_words.py address port [--bytewise | --pipelined] command ...

A command @FILE makes FILE.said and waits until there is FILE. Logs in as
anonymous first. "reset": the connection ended instead of a reply.
"""

import pathlib
import socket
import sys
import time

address, port, words = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
bytewise = words[0] == "--bytewise"
pipelined = words[0] == "--pipelined"
if words[0].startswith("--"):
    words = words[1:]

conn = socket.create_connection((address, port), timeout=30)
replies = conn.makefile("rb")


def say(data):
    if not bytewise:
        conn.sendall(data)
        return
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in data:
        conn.sendall(bytes([byte]))
        time.sleep(0.001)


def code():
    line = replies.readline()
    first = line[:3]
    while line[3:4] == b"-" or line[:3] != first:
        line = replies.readline()
    if not first:
        raise ConnectionResetError
    return first.decode()


def wait(path):
    pathlib.Path(f"{path}.said").touch()
    while not pathlib.Path(path).exists():
        time.sleep(0.05)


def ask(lines):
    said = []
    try:
        if pipelined:
            say("".join(f"{line}\r\n" for line in lines).encode())
        for line in lines:
            if line.startswith("@"):
                wait(line[1:])
                continue
            if not pipelined:
                say(f"{line}\r\n".encode())
            said.append(code())
    except ConnectionError:
        said.append("reset")
    return said


code()
for line in ("USER anonymous", "PASS me"):
    conn.sendall(f"{line}\r\n".encode())
    code()
print(" ".join(ask(words)))
