#!/usr/bin/python3
"""Connections from many addresses, and what the server sees of them.

    peers.py serve ADDRESS PORT ...
        Answer each line at these ports with the address that it is from.
    peers.py ask SERVER PORT,PORT ... SOURCE ...
        From each source a connection to the first port and, while it is open,
        one to each of the others, as FTP makes them. Prints for each source
        the addresses that the server has seen, each once.
    peers.py hold READY GO SERVER PORT SOURCE ...
        A connection from each source, then make the file READY and wait for
        the file GO, which has a number. Use the connections again until so
        many have an answer. Prints for each source what the server has seen
        now, or "lost".
"""

import contextlib
import os
import selectors
import socket
import sys
import time

TIMEOUT = 10  # seconds; retransmissions come after one and three
PATIENCE = 60


def serve(address, ports):
    """Until it is ended."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    selector = selectors.DefaultSelector()
    for port in ports:
        listener = socket.create_server((address, int(port)), family=family,
                                        backlog=512)
        selector.register(listener, selectors.EVENT_READ, True)
    while True:
        for key, _ in selector.select():
            if key.data:
                connection, _ = key.fileobj.accept()
                selector.register(connection, selectors.EVENT_READ, False)
                continue
            try:
                if key.fileobj.recv(100):
                    peer = key.fileobj.getpeername()[0]
                    key.fileobj.sendall(f"{peer}\n".encode())
                    continue
            except OSError:
                pass  # it was reset
            selector.unregister(key.fileobj)
            key.fileobj.close()


def connect(server, port, source):
    """A connection from a source."""
    return socket.create_connection((server, int(port)), TIMEOUT,
                                    (source, 0))


def peer(connection):
    """What the server sees."""
    connection.sendall(b"?\n")
    return connection.recv(100).decode().strip() or "lost"


def ask(server, ports, sources):
    """See the head of the file."""
    for source in sources:
        with contextlib.ExitStack() as stack:
            seen = []
            try:
                for port in ports:
                    seen.append(peer(stack.enter_context(
                        connect(server, port, source))))
            except OSError:
                seen.append("lost")
            print(source, *sorted(set(seen)), flush=True)


def hold(ready, go, server, port, sources):
    """See the head of the file."""
    connections = [(source, connect(server, port, source))
                   for source in sources]
    for _, connection in connections:
        peer(connection)
    with open(ready, "w", encoding="ascii"):
        pass
    while not os.path.exists(go):
        time.sleep(0.05)
    with open(go, encoding="ascii") as file:
        seen = again(connections, int(file.read()))
    for source, _ in connections:
        print(source, seen.get(source, "lost"), flush=True)


def again(connections, expected):
    """What the server sees, by source, when so many have an answer."""
    seen, end = {}, time.monotonic() + PATIENCE
    with selectors.DefaultSelector() as selector:
        for source, connection in connections:
            selector.register(connection, selectors.EVENT_READ, source)
            with contextlib.suppress(OSError):
                connection.sendall(b"?\n")
        while len(seen) < expected and time.monotonic() < end:
            for key, _ in selector.select(1):
                selector.unregister(key.fileobj)
                with contextlib.suppress(OSError):
                    seen[key.data] = key.fileobj.recv(100).decode().strip()
    return seen


def main():
    """By the first argument."""
    words = sys.argv[2:]
    if sys.argv[1] == "serve":
        serve(words[0], words[1:])
    elif sys.argv[1] == "ask":
        ask(words[0], words[1].split(","), words[2:])
    else:
        hold(*words[:4], words[4:])


if __name__ == "__main__":
    main()
