#!/usr/bin/env python3
"""A client of the Port Control Protocol, written from RFC 6887.

usage: pcp.py [option ...] map|peer|announce SERVER
       pcp.py listen SECONDS [NUMBER]	announcements (RFC 6887, 14.1.3)

Prints what the answer says as words NAME=VALUE on one line, or "no answer",
and then fails. A request is sent again every second, as clients do.
"""

import argparse
import ipaddress
import socket
import struct
import sys
import time

PORT = 5351
CLIENT_PORT = 5350
OPCODES = {"announce": 0, "map": 1, "peer": 2}
RESULTS = ["SUCCESS", "UNSUPP_VERSION", "NOT_AUTHORIZED", "MALFORMED_REQUEST",
           "UNSUPP_OPCODE", "UNSUPP_OPTION", "MALFORMED_OPTION",
           "NETWORK_FAILURE", "NO_RESOURCES", "UNSUPP_PROTOCOL",
           "USER_EX_QUOTA", "CANNOT_PROVIDE_EXTERNAL", "ADDRESS_MISMATCH",
           "EXCESSIVE_REMOTE_PEERS"]
PROTOS = {"tcp": 6, "udp": 17}


def parse():
    p = argparse.ArgumentParser()
    p.add_argument("--nonce", default="one nonce 12")
    p.add_argument("--proto", default="tcp")
    p.add_argument("--port", type=int, default=8080)
    p.add_argument("--suggest", default="::", help="external address")
    p.add_argument("--suggest-port", type=int, default=0)
    p.add_argument("--lifetime", type=int, default=7200)
    p.add_argument("--peer", default="::")
    p.add_argument("--peer-port", type=int, default=0)
    p.add_argument("--source", default="::", help="address of ours")
    p.add_argument("--claim", help="address in the request")
    p.add_argument("--option", action="append", default=[],
                   metavar="CODE[:HEX]")
    p.add_argument("--version", type=int, default=2)
    p.add_argument("--server-port", type=int, default=PORT)
    p.add_argument("--wait", type=float, default=10)
    p.add_argument("what")
    p.add_argument("args", nargs="+")
    return p.parse_args()


def option(text):
    code, _, data = text.partition(":")
    data = bytes.fromhex(data)
    return struct.pack("!BBH", int(code), 0, len(data)) + \
        data + bytes(-len(data) % 4)


def address(text):
    """16 octets; an IPv4 address is a mapped one (RFC 6887, 5)."""
    a = ipaddress.ip_address(text)
    return b"\0" * 10 + b"\xff\xff" + a.packed if a.version == 4 else a.packed


def request(o, source):
    lifetime = 0 if o.what == "announce" else o.lifetime
    data = struct.pack("!BBHI", o.version, OPCODES[o.what], 0, lifetime) + \
        address(o.claim or source)
    if o.what != "announce":
        proto = PROTOS[o.proto] if o.proto in PROTOS else int(o.proto)
        data += o.nonce.encode().ljust(12, b"\0")[:12]
        data += struct.pack("!B3xHH", proto, o.port, o.suggest_port)
        data += address(o.suggest)
    if o.what == "peer":
        data += struct.pack("!H2x", o.peer_port) + address(o.peer)
    return data + b"".join(option(t) for t in o.option)


def describe(data):
    version, opcode, result, lifetime, epoch = struct.unpack_from("!BBxBII",
                                                                  data)
    words = {"result": RESULTS[result], "version": version,
             "lifetime": lifetime, "epoch": epoch}
    end = {0x80: 24, 0x81: 60, 0x82: 80}.get(opcode, 24)
    if result == 0 and opcode != 0x80:
        words["port"], = struct.unpack_from("!H", data, 42)
        a = ipaddress.IPv6Address(data[44:60])
        words["address"] = a.ipv4_mapped or a
    while result == 0 and end + 4 <= len(data):
        code, length = struct.unpack_from("!BxH", data, end)
        words["option%d" % code] = data[end + 4:end + 4 + length].hex()
        end += 4 + length + -length % 4
    return " ".join("%s=%s" % w for w in words.items())


def ask(o):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind((o.source, 0))
    s.connect((o.args[0], o.server_port))
    data = request(o, s.getsockname()[0])
    end = time.monotonic() + o.wait
    while time.monotonic() < end:
        try:
            s.send(data)
            s.settimeout(1)
            answer = s.recv(2000)
        except socket.timeout:
            continue
        except ConnectionRefusedError:
            time.sleep(0.1)
            continue
        # What RFC 6887, 8.3 and 11.4 have a client compare.
        if len(answer) < 24 or len(answer) % 4 != 0 or len(answer) > 1100 \
                or answer[1] != data[1] | 0x80:
            sys.exit("not an answer to it: %s" % answer.hex())
        if len(data) >= 60 and o.version == 2 and \
                (answer[24:37], answer[40:42]) != (data[24:37], data[40:42]):
            sys.exit("an answer to another request: %s" % answer.hex())
        print(describe(answer))
        return
    sys.exit("no answer")


def listen(seconds, number):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(("::", CLIENT_PORT))
    s.settimeout(seconds)
    for _ in range(number):
        data, source = s.recvfrom(2000)
        print(source[0].partition("%")[0], source[1], describe(data),
              flush=True)


def main():
    o = parse()
    if o.what == "listen":
        listen(float(o.args[0]), int(o.args[1]) if len(o.args) > 1 else 1)
    else:
        ask(o)


main()
