#!/usr/bin/env python3
"""A router's advertisements with PREF64 options (RFC 8781).

	ra.py INTERFACE PREFIX=SECONDS ...		one, at once
	ra.py --answer INTERFACE PREFIX=SECONDS ...	one for each solicitation

Debian 12's radvd (2.19) does not know the option. The routes of the host that
gets them stay as they are: the router lifetime is 0 (RFC 4861, 4.2).
"""
import ipaddress
import socket
import struct
import sys

ALL_NODES, ALL_ROUTERS = "ff02::1", "ff02::2"
SOLICITATION, ADVERTISEMENT = 133, 134
PREF64 = 38
LENGTH_CODES = {96: 0, 64: 1, 56: 2, 48: 3, 40: 4, 32: 5}


def option(text):
    prefix, seconds = text.split("=")
    network = ipaddress.IPv6Network(prefix)
    scaled = -(-int(seconds) // 8) << 3 | LENGTH_CODES[network.prefixlen]
    return (struct.pack("!BBH", PREF64, 2, scaled)
            + network.network_address.packed[:12])


def advertisement(options):
    head = struct.pack("!BBHBBHII", ADVERTISEMENT, 0, 0, 64, 0, 0, 0, 0)
    return head + b"".join(option(text) for text in options)


def main():
    answer = sys.argv[1] == "--answer"
    interface, *options = sys.argv[1 + answer:]
    index = socket.if_nametoindex(interface)
    sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW,
                         socket.IPPROTO_ICMPV6)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    message = advertisement(options)
    if not answer:
        sock.sendto(message, (ALL_NODES, 0, 0, index))
        return
    group = socket.inet_pton(socket.AF_INET6, ALL_ROUTERS)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                    group + struct.pack("@I", index))
    print("ready", flush=True)
    while True:
        if sock.recv(1500)[:1] == bytes([SOLICITATION]):
            sock.sendto(message, (ALL_NODES, 0, 0, index))


main()
