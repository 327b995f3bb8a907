#!/usr/bin/env python3
"""Numbered datagrams at a steady rate, and which of them came back.

    udp_stream.py echo ADDR PORT
    udp_stream.py send ADDR PORT RATE SECONDS [FLOWS [WINDOW]]

"send" prints "sent N back M longest MS": datagrams sent and those that came
back, and the longest time without an answer of any flow's, in milliseconds.
On SIGTERM it sends no more, and ends with what comes back. On a busy machine it
sends fewer, but never many at once, which would overflow queues; with a WINDOW,
no more are on their way than that, so that none is lost in a queue while a
process waits for the CPU.
"""
import select
import signal
import socket
import struct
import sys
import time

BUFFER = 8 << 20
TICK = 0.005  # seconds

stopped = False


def family(addr):
    return socket.AF_INET6 if ":" in addr else socket.AF_INET


def make_socket(addr):
    s = socket.socket(family(addr), socket.SOCK_DGRAM)
    # The force of root, for a host that is busy for a while.
    for force, usual in ((33, socket.SO_RCVBUF), (32, socket.SO_SNDBUF)):
        try:
            s.setsockopt(socket.SOL_SOCKET, force, BUFFER)
        except OSError:
            s.setsockopt(socket.SOL_SOCKET, usual, BUFFER)
    return s


def echo(addr, port):
    s = make_socket(addr)
    s.bind((addr, port))
    while True:
        data, peer = s.recvfrom(2048)
        s.sendto(data, peer)


class Sender:
    def __init__(self, addr, port, flows, window):
        self.window = window
        self.sockets = [make_socket(addr) for _ in range(flows)]
        for s in self.sockets:
            s.connect((addr, port))
            s.setblocking(False)
        self.sent = 0
        self.back = set()
        self.last = None
        self.longest = 0.0

    def receive(self, wait):
        ready, _, _ = select.select(self.sockets, [], [], wait)
        for s in ready:
            try:
                while True:
                    self.take(s.recv(2048))
            except (BlockingIOError, ConnectionRefusedError):
                pass

    def take(self, data):
        now = time.monotonic()
        if self.last is not None:
            self.longest = max(self.longest, now - self.last)
        self.last = now
        self.back.add(struct.unpack("!Q", data[:8])[0])

    def has_room(self):
        return self.window == 0 or self.sent - len(self.back) < self.window

    def send_some(self, n):
        while n > 0 and self.has_room():
            s = self.sockets[self.sent % len(self.sockets)]
            try:
                s.send(struct.pack("!Q", self.sent) + b"x" * 56)
            except ConnectionRefusedError:
                continue  # an ICMP error; tell by what comes back
            self.sent += 1
            n -= 1

    def send(self, rate, seconds):
        begin = due = time.monotonic()
        while (now := time.monotonic()) - begin < seconds and not stopped:
            if now >= due:
                self.send_some(max(1, round(rate * TICK)))
                due = max(due, now - TICK) + max(TICK, 1 / rate)
            self.receive(0.001)

    def wait_for_rest(self):
        end = time.monotonic() + 20
        while len(self.back) < self.sent and time.monotonic() < end:
            self.receive(0.05)


# In the middle of sending, nobody would know whether that was counted.
def stop(_signal, _frame):
    global stopped
    stopped = True


def main(how, addr, port, *rest):
    if how == "echo":
        echo(addr, int(port))
    signal.signal(signal.SIGTERM, stop)
    sender = Sender(addr, int(port), int(rest[2]) if len(rest) > 2 else 1,
                    int(rest[3]) if len(rest) > 3 else 0)
    sender.send(int(rest[0]), float(rest[1]))
    sender.wait_for_rest()
    print(f"sent {sender.sent} back {len(sender.back)} "
          f"longest {sender.longest * 1000:.0f}", flush=True)


main(*sys.argv[1:])
