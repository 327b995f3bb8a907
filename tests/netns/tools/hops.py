#!/usr/bin/env python3
"""Datagrams that say how far they came.

usage: hops.py serve ADDRESS PORT
       hops.py ask ADDRESS PORT SOURCE-PORT [HOPS [BYTES]]
       hops.py tagged ADDRESS PORT SOURCE-PORT INTERFACE SOURCE MAC

"serve" answers each datagram with its TTL and traffic class when it came, and
then as many bytes as it had. "ask" sends one with a hop limit (64) and this
traffic class (0x48), and prints "there N back M class C bytes B", N and M being
the hop limits at the other end and here, or "silence" after half a second, or
"refused TYPE CODE by ADDRESS" for an ICMPv6 error. "tagged" does the same in a
frame with a VLAN tag, from a source address to a MAC address.
"""
import socket
import struct
import sys

IP_RECVTTL = 12
IPV6_RECVERR = 25
MSG_ERRQUEUE = 0x2000
TRAFFIC_CLASS = 0x48


def number(ancillary, level, kind):
    for its_level, its_kind, data in ancillary:
        if (its_level, its_kind) == (level, kind):
            return struct.unpack("=i", data.ljust(4, b"\0")[:4])[0]
    return None


def serve(address, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    s.bind((address, port))
    while True:
        data, ancillary, _, peer = s.recvmsg(65536, 512)
        ttl = number(ancillary, socket.IPPROTO_IP, socket.IP_TTL)
        tos = number(ancillary, socket.IPPROTO_IP, socket.IP_TOS)
        text = f"{ttl} {tos:#x} ".encode()
        s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
        s.sendto(text.ljust(len(data)), peer)


def refusal(s):
    """The ICMPv6 error that waits, as text."""
    _, ancillary, _, _ = s.recvmsg(65536, 512, MSG_ERRQUEUE)
    for level, kind, data in ancillary:
        if (level, kind) == (socket.IPPROTO_IPV6, IPV6_RECVERR):
            icmp_type, code = data[5], data[6]
            by = socket.inet_ntop(socket.AF_INET6, data[24:40])
            return f"refused {icmp_type} {code} by {by}"
    return "refused"


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def tagged_frame(to, source, port, source_port, macs):
    """Of a UDP datagram of 8 bytes."""
    addresses = b"".join(socket.inet_pton(socket.AF_INET6, address)
                         for address in (source, to))
    ports = struct.pack("!HHH", source_port, port, 16)
    pseudo = addresses + struct.pack("!II", 16, socket.IPPROTO_UDP)
    total = checksum(pseudo + ports + bytes(10))
    return (macs + struct.pack("!HHH", 0x8100, 5, 0x86dd) +
            struct.pack("!IHBB", 6 << 28, 16, socket.IPPROTO_UDP, 64) +
            addresses + ports + struct.pack("!H8x", total))


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def send_tagged(to, port, source_port, interface, source, to_mac):
    with open(f"/sys/class/net/{interface}/address",
              encoding="ascii") as file:
        macs = mac(to_mac) + mac(file.read().strip())
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((interface, 0))
    s.send(tagged_frame(to, source, port, source_port, macs))


def ask(address, port, source, hops=64, size=16, send=None):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.settimeout(0.5)
    for option, value in ((IPV6_RECVERR, 1),
                          (socket.IPV6_RECVHOPLIMIT, 1),
                          (socket.IPV6_UNICAST_HOPS, hops),
                          (socket.IPV6_TCLASS, TRAFFIC_CLASS)):
        s.setsockopt(socket.IPPROTO_IPV6, option, value)
    s.bind(("::", source))
    s.connect((address, port))
    try:
        if send is None:
            s.send(bytes(size))
        else:
            send()
        data, ancillary, _, _ = s.recvmsg(65536, 512)
    except TimeoutError:
        return "silence"
    except OSError:
        return refusal(s)
    back = number(ancillary, socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT)
    there, tos = data.decode().split()[:2]
    return f"there {there} back {back} class {tos} bytes {len(data)}"


def main(command, address, port, *more):
    port = int(port)
    if command == "serve":
        serve(address, port)
    elif command == "ask":
        print(ask(address, port, *[int(word) for word in more]))
    else:
        source_port = int(more[0])
        print(ask(address, port, source_port,
                  send=lambda: send_tagged(address, port, source_port,
                                           *more[1:])))


main(*sys.argv[1:])
