#!/usr/bin/env python3
"""A link without link-layer header between two network namespaces.

usage: tunlink.py NAMESPACE INTERFACE NAMESPACE INTERFACE

Makes a tun interface in each of the two (of "ip netns") and carries packets
from the one to the other until it is killed. Prints "ready".
"""
import ctypes
import fcntl
import os
import select
import struct
import sys

TUNSETIFF = 0x400454ca
IFF_TUN_NO_PI = 0x1001

libc = ctypes.CDLL(None, use_errno=True)


def enter(namespace):
    fd = os.open(f"/var/run/netns/{namespace}", os.O_RDONLY)
    if libc.setns(fd, 0) != 0:
        sys.exit(f"{namespace}: {os.strerror(ctypes.get_errno())}")
    os.close(fd)


def tun(namespace, name):
    enter(namespace)
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF,
                struct.pack("16sH22x", name.encode(), IFF_TUN_NO_PI))
    return fd


a = tun(sys.argv[1], sys.argv[2])
b = tun(sys.argv[3], sys.argv[4])
print("ready", flush=True)
other = {a: b, b: a}
while True:
    for fd in select.select([a, b], [], [])[0]:
        packet = os.read(fd, 65536)
        try:
            os.write(other[fd], packet)
        except OSError:
            pass  # the other one is down
