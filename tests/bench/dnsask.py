#!/usr/bin/env python3
"""Ask a DNS server for the AAAA records of many names, at a low rate.

    dnsask.py ADDRESS COUNT RATE PATIENCE DOMAIN EXPECTED

Names are made up below DOMAIN. Prints a line for each answer, the seconds it
took and "good", if it has the address EXPECTED, or what it is instead;
questions that are not answered within PATIENCE seconds after the last one
have no line.
"""

import select
import socket
import struct
import sys
import time

HEADER = struct.Struct("!6H")
RD = 0x0100
AAAA_IN = struct.pack("!2H", 28, 1)
AAAA_16 = struct.pack("!H", 16)


def query(number, name):
    labels = b"".join(bytes([len(label)]) + label.encode()
                      for label in name.split("."))
    return HEADER.pack(number, RD, 1, 0, 0, 0) + labels + b"\0" + AAAA_IN


def judge(reply, expected):
    _, flags, _, answers, _, _ = HEADER.unpack_from(reply)
    if flags & 0xf:
        return f"rcode-{flags & 0xf}"
    if answers == 0 or AAAA_16 + expected not in reply:
        return "without-address"
    return "good"


def main():
    address, count, rate, patience, domain, expected = sys.argv[1:]
    expected = socket.inet_pton(socket.AF_INET6, expected)
    server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    server.connect((address, 53))
    start = time.monotonic()
    due = [start + i / float(rate) for i in range(int(count))]
    end = due[-1] + float(patience)
    sent = []
    answered = set()
    while len(answered) < len(due) and time.monotonic() < end:
        until = due[len(sent)] if len(sent) < len(due) else end
        wait = max(0, until - time.monotonic())
        if select.select([server], [], [], wait)[0]:
            reply = server.recv(4096)
            number = HEADER.unpack_from(reply)[0]
            answered.add(number)
            print(f"{time.monotonic() - sent[number]:.6f} "
                  f"{judge(reply, expected)}")
        elif len(sent) < len(due):
            name = f"n{len(sent)}.{time.time_ns()}.{domain}"
            server.send(query(len(sent), name))
            sent.append(time.monotonic())


if __name__ == "__main__":
    main()
