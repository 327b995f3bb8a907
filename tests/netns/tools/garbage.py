#!/usr/bin/python3
"""Send malformed packets by way of a router's link address.

    garbage.py KIND INTERFACE ROUTER-MAC SOURCE DESTINATION [NUMBER]

KIND says what is sent; see kinds at the end. Their IP header is valid, so that
a kernel forwards them; the rest is malformed.
The same KIND and NUMBER give the same packets.
"""

import ipaddress
import random
import socket
import struct
import sys
import time

ICMP, TCP, UDP, ROUTING, FRAGMENT, ICMP6, DSTOPTS = 1, 6, 17, 43, 44, 58, 60
BURST = 64  # packets, between pauses: a tun device queues 500
PAUSE = 0.001


def checksum(data):
    """RFC 1071, as a number; 0 when the sum in the data is right."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


class Path:
    """From a source, or the many of its prefix, to a destination."""

    def __init__(self, source, destination, rng):
        self.sources = ipaddress.ip_network(source, strict=False)
        self.source = ipaddress.ip_interface(source).ip
        self.destination = ipaddress.ip_address(destination)
        self.rng = rng

    @property
    def v6(self):
        return self.destination.version == 6

    def ip(self, proto, payload, **fields):
        """A packet with a sound IP header."""
        source = fields.get("source", self.source).packed
        destination = fields.get("destination", self.destination).packed
        hops = fields.get("hops", 64)
        if self.v6:
            return struct.pack("!IHBB", 6 << 28, len(payload), proto,
                               hops) + source + destination + payload
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload),
                           fields.get("ident", 0), fields.get("frag", 0),
                           hops, proto, 0) + source + destination
        return (head[:10] + struct.pack("!H", checksum(head)) + head[12:] +
                payload)

    def fragment(self, proto, ident, offset, more, payload, **fields):
        """offset in units of 8 bytes"""
        if not self.v6:
            return self.ip(proto, payload, ident=ident & 0xffff,
                           frag=more << 13 | offset, **fields)
        head = struct.pack("!BBHI", proto, 0, offset << 3 | more, ident)
        return self.ip(FRAGMENT, head + payload, **fields)

    def summed(self, proto, payload, at, **fields):
        """payload with its checksum put in at an offset"""
        pseudo = b""
        if self.v6 or proto in (TCP, UDP):
            pseudo = (fields.get("source", self.source).packed +
                      fields.get("destination", self.destination).packed +
                      struct.pack("!II", len(payload), proto))
        value = checksum(pseudo + payload)
        return payload[:at] + struct.pack("!H", value) + payload[at + 2:]

    def udp(self, sport, dport, data=b"data", **fields):
        payload = struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data
        return self.ip(UDP, self.summed(UDP, payload, 6, **fields), **fields)

    def tcp(self, sport, dport, flags, **fields):
        payload = struct.pack("!HHIIBBHHH", sport, dport, 1, 0, 5 << 4,
                              flags, 1000, 0, 0)
        return self.ip(TCP, self.summed(TCP, payload, 16, **fields), **fields)

    def icmp(self, kind, code, body, **fields):
        proto = ICMP6 if self.v6 else ICMP
        payload = struct.pack("!BBHI", kind, code, 0, 0) + body
        return self.ip(proto, self.summed(proto, payload, 2, **fields),
                       **fields)

    def echo(self, ident, size=16, **fields):
        return self.icmp(128 if self.v6 else 8, 0,
                         struct.pack("!HH", ident, 1) + bytes(size), **fields)

    def spread(self, i):
        """One of 250 sources, all over the prefix."""
        return self.sources[(i % 250 + 1) * self.sources.num_addresses // 256]

    def noise(self, most):
        return self.rng.randbytes(self.rng.randrange(most + 1))

    def reverse(self):
        """The way back, for what an error message quotes."""
        return Path(str(self.destination), str(self.source), self.rng)


def protocols(path, number):
    """Every protocol but those that are translated."""
    for proto in range(256):
        if proto not in (0, ICMP, TCP, UDP, ICMP6):
            yield path.ip(proto, path.noise(64))


def short(path, number):
    """Transport headers that end too early or lie about their length."""
    for size in range(20):
        yield path.ip(TCP, bytes(size))
    for size in range(8):
        yield path.ip(UDP, bytes(size))
        yield path.ip(ICMP6 if path.v6 else ICMP, bytes(size))
    for offset in (0, 1, 4, 6, 15):
        yield path.ip(TCP, struct.pack("!HHIIBBHHH", 5, 80, 0, 0,
                                       offset << 4, 2, 0, 0, 0))
    for length in (0, 7, 13, 65535):
        yield path.ip(UDP, struct.pack("!HHHH", 5, 80, length, 1) + b"data")
    yield path.tcp(0, 80, 2)
    yield path.tcp(80, 0, 2)


def unsummed(path, number):
    """UDP without a checksum."""
    yield path.ip(UDP, struct.pack("!HHHH", 5, 80, 12, 0) + b"data")


def expired(path, number):
    """The last hop is the translator."""
    yield path.udp(5, 80, hops=2)
    yield path.echo(5, hops=2)


def extensions(path, number):
    """IPv6 extension headers without end, or in a place they must not be."""
    udp = path.udp(5, 80)[40:]
    yield path.ip(DSTOPTS, bytes([UDP, 255]) + bytes(6) + udp)
    yield path.ip(DSTOPTS, bytes([UDP]))
    yield path.ip(ROUTING, bytes([UDP, 40, 0, 0]) + bytes(4))
    yield path.ip(DSTOPTS, b"".join([bytes([DSTOPTS, 0]) + bytes(6)] * 150))
    yield path.fragment(DSTOPTS, 1, 0, 0, bytes([UDP, 0]) + bytes(6) + udp)
    yield path.fragment(FRAGMENT, 2, 0, 0, bytes([UDP]) + bytes(7) + udp)


def routes(path, number):
    """IPv6 routing headers that are not used up."""
    udp = path.udp(5, 80)[40:]
    for kind in range(6):
        head = bytes([UDP, 2, kind, 1]) + bytes(20)
        yield path.ip(ROUTING, head + udp)


def messages(path, number):
    """Every type of ICMP, informational and error, of no meaning."""
    for kind in range(256):
        for code in (0, 1, 255):
            yield path.icmp(kind, code, path.noise(64))


def errors(path, number):
    """ICMP errors that quote nonsense, too little, each other."""
    kinds = (1, 2, 3, 4) if path.v6 else (3, 11, 12)
    quoted = path.reverse().udp(80, 5, b"data" * 10)
    nested = path.reverse().icmp(kinds[0], 0, quoted)
    for kind in kinds:
        yield path.icmp(kind, 0, nested)
        for size in range(len(quoted)):
            yield path.icmp(kind, 0, quoted[:size])
        for _ in range(64):
            yield path.icmp(kind, 0, path.noise(600))


def badsums(path, number):
    """ICMP errors with a wrong checksum."""
    quoted = path.reverse().udp(80, 5)
    packet = path.icmp(1 if path.v6 else 3, 3, quoted)
    head = 40 if path.v6 else 20
    yield (packet[:head + 2] + bytes([packet[head + 2] ^ 1]) +
           packet[head + 3:])


def overlaps(path, number):
    """Fragments over each other, of a kind that is collected: ICMP."""
    echo = path.echo(5, 64)[40 if path.v6 else 20:]
    proto = ICMP6 if path.v6 else ICMP
    for ident in range(100, 110):
        yield path.fragment(proto, ident, 1, 1, echo[8:40])
        yield path.fragment(proto, ident, 3, 1, echo[24:48])
        yield path.fragment(proto, ident, 0, 1, echo[:24])


def impossible(path, number):
    """Fragments beyond the end of any datagram, or of an odd size."""
    yield path.fragment(UDP, 200, 8191, 0, bytes(100))
    yield path.fragment(UDP, 201, 8191, 1, bytes(1000))
    if path.v6:
        yield path.fragment(UDP, 202, 0, 1, path.udp(5, 80, bytes(5))[40:])


def tiny(path, number):
    """First fragments without a transport header; TCP at byte 8."""
    tcp = path.tcp(5, 80, 2)[40 if path.v6 else 20:]
    yield path.fragment(TCP, 300, 0, 1, tcp[:8])
    yield path.fragment(UDP, 301, 0, 1, b"")
    yield path.fragment(TCP, 302, 1, 1, tcp[8:16])


def endless(path, number):
    """Fragments of datagrams that never have a first one."""
    for ident in range(number):
        yield path.fragment(UDP, ident, 1 + ident % 8000, 1, bytes(1024),
                            source=path.spread(ident))


def crumbs(path, number):
    """The same, as small as they can be."""
    for ident in range(number):
        yield path.fragment(UDP, ident, 1 + ident % 8000, 1, bytes(8),
                            source=path.spread(ident))


def echoes(path, number):
    """As they should be: for odd sources and destinations."""
    yield path.echo(5)
    yield path.udp(5, 80)
    yield path.tcp(5, 80, 2)


def opens(path, number):
    """TCP from different ports."""
    for port in range(number):
        yield path.tcp(1024 + port, 80, 2)


def flows(path, number):
    """UDP from different sources and ports."""
    for i in range(number):
        yield path.udp(1024 + i, 9, source=path.spread(i))


def knocks(path, number):
    """SYNs from one address and many ports to the ports 5000 to 5002."""
    for i in range(number):
        yield path.tcp(1024 + i // 3, 5000 + i % 3, 2)


def datagrams(path, number):
    """The same as UDP, from many addresses if there are many."""
    for i in range(number):
        yield path.udp(1024 + i // 3, 5000 + i % 3, source=path.spread(i))


def hopless(path, number):
    """The last hop is the translator, for many sources."""
    for i in range(number):
        yield path.udp(1024 + i % 60000, 9, hops=2, source=path.spread(i))


def noise(path, number):
    """Random bytes behind an IP header; then sound packets, spoilt."""
    head = 40 if path.v6 else 20
    for i in range(number):
        proto = path.rng.choice((TCP, UDP, ICMP, ICMP6, FRAGMENT, DSTOPTS,
                                 ROUTING, path.rng.randrange(1, 256)))
        yield path.ip(proto, path.noise(1400 if i % 16 == 0 else 100))
        packet = bytearray(path.rng.choice((
            path.udp(5, 80), path.tcp(5, 80, 2), path.echo(5),
            path.icmp(3, 3, path.reverse().udp(80, 5)),
            path.fragment(UDP, i, 0, 1, path.udp(5, 80, bytes(16))[head:]))))
        for _ in range(path.rng.randrange(1, 4)):
            packet[path.rng.randrange(head, len(packet))] ^= \
                1 << path.rng.randrange(8)
        yield bytes(packet)


KINDS = (protocols, short, unsummed, expired, extensions, routes, messages,
         errors, badsums, overlaps, impossible, tiny, endless, crumbs, echoes, opens,
         flows, knocks, datagrams, hopless, noise)


def main():
    kinds = {kind.__name__: kind for kind in KINDS}
    if len(sys.argv) not in (6, 7) or sys.argv[1] not in kinds:
        sys.exit(__doc__ + "\n".join(f"    {name}: {kind.__doc__}"
                                     for name, kind in kinds.items()))
    name, interface, mac, source, destination = sys.argv[1:6]
    number = int(sys.argv[6]) if len(sys.argv) == 7 else 1
    path = Path(source, destination, random.Random(name + str(number)))
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    link.bind((interface, 0))
    ether = (bytes.fromhex(mac.replace(":", "")) +
             link.getsockname()[4] +
             struct.pack("!H", 0x86dd if path.v6 else 0x0800))
    for i, packet in enumerate(kinds[name](path, number)):
        link.send(ether + packet)
        if i % BURST == BURST - 1:
            time.sleep(PAUSE)


main()
