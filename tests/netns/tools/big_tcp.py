#!/usr/bin/env python3
"""Let an interface send and join super-packets of up to BYTES, of either
family (BIG TCP), which ip(8) of Debian 12 cannot do for IPv4.

    big_tcp.py INTERFACE BYTES

Fails where the kernel does not know of it.
"""
import os
import socket
import struct
import sys

RTM_NEWLINK = 16
NLM_F_REQUEST, NLM_F_ACK = 1, 4
# IFLA_GSO_MAX_SIZE, _GRO_MAX_SIZE, _GSO_IPV4_MAX_SIZE, _GRO_IPV4_MAX_SIZE
SIZES = (41, 58, 63, 64)


def main(interface, size):
    index = socket.if_nametoindex(interface)
    body = struct.pack("BxHiII", 0, 0, index, 0, 0) + b"".join(
        struct.pack("HHI", 8, kind, int(size)) for kind in SIZES)
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    s.send(struct.pack("IHHII", 16 + len(body), RTM_NEWLINK,
                       NLM_F_REQUEST | NLM_F_ACK, 1, 0) + body)
    error = -struct.unpack_from("i", s.recv(4096), 16)[0]
    if error:
        sys.exit(f"{interface}: {os.strerror(error)}")


main(*sys.argv[1:])
