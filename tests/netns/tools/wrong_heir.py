#!/usr/bin/env python3
"""A process that asks nat64d to hand over, and does something wrong.

    wrong_heir.py CONTROL-SOCKET WHAT

Exits with 0 if the answer to the request was the one that belongs to it.
"""
import os
import socket
import sys


def listen(name):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.bind("\0" + name)
    s.listen(1)
    return s


def ask(path, query):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(10)
    s.connect(path)
    s.sendall(f"POST /v1/upgrade{query} HTTP/1.1\r\nHost: localhost\r\n"
              "Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
    answer = b""
    while part := s.recv(4096):
        answer += part
    print(answer.decode())
    return answer.decode()


def expect(answer, status, text=""):
    return answer.startswith(f"HTTP/1.1 {status} ") and text in answer


def misbehave(path, what):
    name = f"wrong-heir-{os.getpid()}"
    listener = listen(name)
    if not expect(ask(path, f"?socket={name}"), 202):
        return False
    s, _ = listener.accept()
    s.settimeout(20)
    hello, fds, _, _ = socket.recv_fds(s, 8, 3)
    ok = hello[:4] == b"N64H" and len(fds) >= 2
    if what == "nonsense":
        s.sendall(b"?")
        while s.recv(4096):
            pass
    elif what == "leave-late":
        s.sendall(b"G")
        s.recv(100)
    elif what == "silent":
        s.sendall(b"G")
        while s.recv(4096):
            pass
    s.close()
    return ok


def other_user(path):
    name = f"wrong-heir-{os.getpid()}"
    # The credentials are those of listen(2).
    os.seteuid(1)
    listener = listen(name)
    os.seteuid(0)
    ok = expect(ask(path, f"?socket={name}"), 409, "neither root")
    listener.close()
    return ok


def main(path, what):
    if what == "other-user":
        return other_user(path)
    if what == "no-name":
        return expect(ask(path, ""), 409, "nat64d -U")
    if what == "nobody":
        return expect(ask(path, "?socket=nobody-there"), 409, "nobody")
    return misbehave(path, what)


sys.exit(0 if main(*sys.argv[1:]) else 1)
