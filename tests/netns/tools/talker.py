#!/usr/bin/env python3
"""Sockets that do what a script says: one command per line of the standard
input, one line of answer each.

    udp NAME ADDRESS PORT [OWN-ADDRESS] connected to that peer
    bound NAME ADDRESS PORT             connected to the first one that sends
    tcp NAME ADDRESS PORT
    listen NAME ADDRESS PORT
    accept NAME LISTENER
    option NAME LEVEL OPTION NUMBER|hex:BYTES
    send NAME BYTES                     one datagram, or so much of a stream
    receive NAME BYTES                  the same; waits for two seconds
    ask NAME BYTES COUNT                send, receive; so often
    echo NAME BYTES COUNT               receive, send; so often
    peer NAME                           its address and port
    shut|reset|close NAME

Answers are "ok", what was asked for, "silence", "closed", or the name of an
error. What is received has to be what send sends.
"""
import errno
import socket
import struct
import sys

sockets = {}


def pattern(size):
    return bytes(i % 251 for i in range(size))


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def make(name, kind, address):
    s = sockets[name] = socket.socket(family(address), kind)
    s.settimeout(2)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return s


def udp(name, address, port, own=""):
    s = make(name, socket.SOCK_DGRAM, address)
    s.bind((own, 0))
    s.connect((address, int(port)))


def bound(name, address, port):
    make(name, socket.SOCK_DGRAM, address).bind((address, int(port)))


def tcp(name, address, port):
    s = make(name, socket.SOCK_STREAM, address)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.connect((address, int(port)))


def listen(name, address, port):
    s = make(name, socket.SOCK_STREAM, address)
    s.bind((address, int(port)))
    s.listen(64)


def accept(name, listener):
    s = sockets[name] = sockets[listener].accept()[0]
    s.settimeout(2)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def option(name, level, what, value):
    value = (bytes.fromhex(value[4:]) if value.startswith("hex:") else
             int(value))
    sockets[name].setsockopt(int(level), int(what), value)


def send(name, size):
    sockets[name].sendall(pattern(int(size)))


def take(s, size):
    if s.type == socket.SOCK_STREAM:
        return s.recv(size)
    data, peer = s.recvfrom(65536)
    try:
        s.getpeername()
    except OSError:
        s.connect(peer)
    return data


def receive(name, size):
    wanted = pattern(int(size))
    data = take(sockets[name], len(wanted))
    while data and len(data) < len(wanted):
        part = take(sockets[name], len(wanted) - len(data))
        if not part:
            return "closed"
        data += part
    if wanted and not data:
        return "closed"
    return "ok" if data == wanted else f"{len(data)} wrong bytes"


def ask(name, size, count):
    for i in range(int(count)):
        send(name, size)
        answer = receive(name, size)
        if answer != "ok":
            return f"{answer} after {i}"
    return "ok"


def echo(name, size, count):
    for i in range(int(count)):
        answer = receive(name, size)
        if answer != "ok":
            return f"{answer} after {i}"
        send(name, size)
    return "ok"


def peer(name):
    return " ".join(map(str, sockets[name].getpeername()[:2]))


def shut(name):
    sockets[name].shutdown(socket.SHUT_WR)


def reset(name):
    option(name, socket.SOL_SOCKET, socket.SO_LINGER,
           "hex:" + struct.pack("ii", 1, 0).hex())
    close(name)


def close(name):
    sockets.pop(name).close()


COMMANDS = {f.__name__: f for f in
            (udp, bound, tcp, listen, accept, option, send, receive, ask, echo,
             peer, shut, reset, close)}


def obey(line):
    verb, *words = line.split()
    try:
        return COMMANDS[verb](*words) or "ok"
    except TimeoutError as error:
        return (errno.errorcode[error.errno] if error.errno else "silence")
    except OSError as error:
        return errno.errorcode[error.errno]


for command in sys.stdin:
    print(obey(command), flush=True)
