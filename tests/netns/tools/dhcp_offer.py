#!/usr/bin/python3
"""Ask for a DHCPv4 lease (RFC 2131) and print two options of the offer.

    dhcp_offer.py INTERFACE OPTION ...

The options are those of the parameter request list. Prints the number of
seconds of option 108 (RFC 8925) and the first resolver, or "none" for each.
"""

import socket
import struct
import sys

MAGIC = b"\x63\x82\x53\x63"


def discover(mac, options):
    """A DHCPDISCOVER that wants its answer as a broadcast."""
    head = struct.pack("!BBBBIHH16x", 1, 1, 6, 0, 0x64646464, 0, 0x8000)
    wanted = bytes((53, 1, 1, 55, len(options), *options, 255))
    return head + mac + bytes(10 + 192) + MAGIC + wanted


def find(packet, code):
    """The value of an option, or None."""
    rest = packet[240:]
    while rest and rest[0] != 255:
        if rest[0] == 0:
            rest = rest[1:]
            continue
        if rest[0] == code:
            return rest[2:2 + rest[1]]
        rest = rest[2 + rest[1]:]
    return None


def main():
    interface, options = sys.argv[1], [int(word) for word in sys.argv[2:]]
    with open(f"/sys/class/net/{interface}/address", encoding="ascii") as file:
        mac = bytes.fromhex(file.read().strip().replace(":", ""))
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
                    interface.encode())
    sock.bind(("", 68))
    sock.settimeout(3)
    for _ in range(10):
        sock.sendto(discover(mac, options), ("255.255.255.255", 67))
        try:
            packet = sock.recv(2048)
        except TimeoutError:
            continue
        seconds, resolver = find(packet, 108), find(packet, 6)
        print("none" if seconds is None else struct.unpack("!I", seconds)[0],
              "none" if resolver is None else socket.inet_ntoa(resolver[:4]))
        return
    print("no offer")


main()
