#!/usr/bin/python3
"""Test bed, part 3: the queries of clients, and how answers reach them.

    client (this script) --- dns64d on 127.0.0.1 --- FakeUpstream

Needs no root and no network. Prints TAP.
"""

import pathlib
import struct
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import (PREFIX, TIMEOUT, Daemon, case, check_conf, ede_codes, equal,
                 framed, free_port, is_silent, main, option, read_framed,
                 records, types, until)

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode

import behaviours as does
from fake_upstream import DeadUpstream, FakeUpstream

TC, RD, AA = dns.flags.TC, dns.flags.RD, dns.flags.AA
SUBNET, COOKIE, CHANNEL = 8, 10, 18  # EDNS options
OPT = b"\x00" + struct.pack("!HHIH", 41, 1232, 0, 0)


def query(name, rdtype="AAAA", **how):
    """A query's octets."""
    return dns.message.make_query(name, rdtype, **how).to_wire()


def with_opt(wire, *opts):
    """A query's octets with these OPT records behind it."""
    return wire[:10] + struct.pack("!H", len(opts)) + wire[12:] + \
        b"".join(opts)


def rcode_of(wire):
    """The lower four bits of the response code, and the opcode."""
    return wire[3] & 15, wire[2] >> 3 & 15


def many_a(up, name, n):
    """A name with n A records."""
    up.add(*(f"{name} 300 A 198.51.{i >> 8}.{i & 255}" for i in range(n)))


# --- what is passed on ---------------------------------------------------

# Shows: DNS64-34 DNS64-75 DNS64-83
@case("answers of other types arrive octet by octet as they came")
def _(d, up):
    sent = {}

    def keep(ask):
        reply = ask.from_zone()
        reply.use_edns(False)
        sent[ask.message.question[0].rdtype] = reply.to_wire()
        ask.send(reply)
    up.add("pass.example. 300 A 192.0.2.1", "pass.example. 300 NS ns.example.",
           "pass.example. 300 MX 10 mail.example.",
           "pass.example. 300 SRV 1 2 443 srv.example.",
           r"pass.example. 300 NAPTR 1 2 s A !x!y! nap.example.",
           "pass.example. 300 SVCB 1 svc.example. ipv4hint=192.0.2.1",
           "pass.example. 300 HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1 "
           "ipv6hint=2001:db8:1::1",
           'pass.example. 300 TXT "one" "two"',
           r"pass.example. 300 TYPE65281 \# 5 c00c000102",
           r"pass.example. 300 TYPE4242 \# 0")
    for rdtype in ("A", "NS", "MX", "SRV", "NAPTR", "SVCB", "HTTPS", "TXT",
                   "TYPE65281", "TYPE4242", "CAA"):
        up.script("pass.example.", rdtype, keep)
        wire = query("pass.example.", rdtype)
        reply = d.ask_wire(wire)
        equal(reply[:2], wire[:2], "id")
        equal(reply[2:], sent[dns.message.from_wire(wire).question[0].rdtype][
            2:], rdtype)


# Shows: DNS64-34
@case("ANY is forwarded over TCP and its answer is not touched")
def _(d, up):
    up.script("any.example.", "ANY", does.records_in(
        answer=["any.example. 300 A 192.0.2.2",
                'any.example. 300 TXT "x"']))
    equal(types(d.ask("any.example.", "ANY", tcp=True)), ["A", "TXT"])
    equal(up.asked("any.example.", "AAAA"), [], "AAAA questions")


# Shows: DNS64-33
@case("no AAAA is made for the A in an additional section")
def _(d, up):
    up.script("glue.example.", "MX", does.records_in(
        answer=["glue.example. 300 MX 10 mail.example."],
        additional=["mail.example. 300 A 192.0.2.3"]))
    reply = d.ask("glue.example.", "MX")
    equal(types(reply, "additional"), ["A"])
    up.script("glue.example.", "AAAA", does.records_in(
        answer=["glue.example. 300 AAAA 2001:db8:1::3"],
        authority=["example. 300 NS ns.example."],
        additional=["ns.example. 300 A 192.0.2.3"]))
    reply = d.ask("glue.example.")
    equal((types(reply), types(reply, "additional")), (["AAAA"], ["A"]))


# Shows: DNS64-75
@case("flags that nobody has defined travel both ways")
def _(d, up):
    up.script("flags.example.", "TXT", does.records_in(
        answer=['flags.example. 300 TXT "x"'], flags=0x40))
    asked = dns.message.make_query("flags.example.", "TXT")
    asked.flags |= 0x40
    equal(d.ask(asked).flags & 0x40, 0x40, "Z in the answer")
    equal(up.asked("flags.example.")[0].message.flags & 0x40, 0x40,
          "Z upstream")


# Shows: DNS64-75 DNS64-35
@case("the question is returned in the client's case of letters")
def _(d, up):
    up.add("cased.example. 300 A 192.0.2.4")
    for rdtype in ("AAAA", "A"):
        for name in (b"CaSeD", b"cAsEd"):
            wire = query("cased.example.", rdtype).replace(b"cased", name)
            reply = d.ask_wire(wire)
            equal(reply[12:18], b"\x05" + name, rdtype)


# Shows: DNS64-38
@case("RD=0 starts no A lookup and is forwarded with RD=0")
def _(d, up):
    up.add("norec.example. 300 A 192.0.2.5")
    asked = dns.message.make_query("norec.example.", "AAAA")
    asked.flags &= ~RD
    reply = d.ask(asked)
    equal((types(reply), reply.flags & RD), ([], 0))
    equal([(s.type, s.message.flags & RD)
           for s in up.asked("norec.example.")], [(28, 0)])


# --- sizes ---------------------------------------------------------------

# Shows: DNS64-36 DNS64-58 DNS64-62
@case("200 A records give 200 AAAA over TCP and TC over UDP")
def _(d, up):
    many_a(up, "many.example.", 200)
    reply = d.ask("many.example.", use_edns=0, payload=4096)
    equal((bool(reply.flags & TC), types(reply)), (True, []))
    reply = d.ask("many.example.", tcp=True)
    equal((reply.flags & TC, len(records(reply, "AAAA"))), (0, 200))


# Shows: DNS64-36 DNS64-58
@case("what just fits the client's size comes whole")
def _(d, up):
    # 12 + 18 of header and question, 28 for each AAAA, 11 of OPT.
    many_a(up, "fits.example.", 42)
    many_a(up, "four.example.", 17)
    wire = d.ask_wire(query("fits.example.", use_edns=0, payload=1232))
    equal((len(wire), bool(wire[2] & 2)), (12 + 18 + 42 * 28 + 11, False))
    wire = d.ask_wire(query("four.example."))
    equal((len(wire), bool(wire[2] & 2)), (12 + 18 + 17 * 28, False))
    for payload in (0, 100, 511):
        wire = d.ask_wire(query("four.example.", use_edns=0,
                                payload=payload))
        equal(bool(wire[2] & 2), True, f"advertised {payload}: 517 is cut")


# Shows: DNS64-58
@case("a relayed answer larger than 1232 octets is cut as well")
def _(d, up):
    up.add(*(f'wide.example. 300 TXT "{i:0200d}"' for i in range(10)))
    up.script("wide.example.", "TXT", does.truncated)
    wire = d.ask_wire(query("wide.example.", "TXT", use_edns=0,
                            payload=4096))
    equal((len(wire) <= 1232, bool(wire[2] & 2)), (True, True))
    equal(len(records(d.ask("wide.example.", "TXT", tcp=True), "TXT")), 10)


# --- EDNS ----------------------------------------------------------------

# Shows: DNS64-56
@case("two OPT are FORMERR, a version above 0 is BADVERS")
def _(d, up):
    wire = query("edns.example.")
    equal(rcode_of(d.ask_wire(with_opt(wire, OPT, OPT))), (1, 0))
    for version in (1, 255):
        opt = OPT[:6] + bytes([version]) + OPT[7:]
        reply = dns.message.from_wire(d.ask_wire(with_opt(wire, opt)))
        equal((reply.rcode(), reply.edns), (dns.rcode.BADVERS, 0))


# Shows: DNS64-56 DNS64-74
@case("an OPT in a wrong section, with an owner or cut short is FORMERR")
def _(d, up):
    wire = query("edns.example.")
    answer = wire[:6] + b"\x00\x01" + wire[8:] + OPT
    owner = with_opt(wire, b"\x01a" + OPT)
    cut = with_opt(wire, OPT[:-2] + b"\x00\x04\x00\x0a\x00\x09")
    for bad in (answer, owner, cut):
        equal(rcode_of(d.ask_wire(bad))[0], 1, "rcode")


# Shows: DNS64-57
@case("options and flags that we do not know are neither echoed nor forwarded")
def _(d, up):
    up.add("opts.example. 300 A 192.0.2.6",
           "opts.example. 300 MX 1 m.example.")
    for rdtype in ("AAAA", "MX"):
        reply = d.ask("opts.example.", rdtype, use_edns=0, ednsflags=0x7abc,
                      options=[dns.edns.GenericOption(c, b"abc")
                               for c in (4242, 65001, 65534)])
        equal((reply.edns, reply.ednsflags & 0x7fff, len(reply.options)),
              (0, 0, 0), rdtype)
    for seen in up.asked("opts.example."):
        equal((seen.message.ednsflags & 0x7fff, len(seen.message.options)),
              (0, 0), "upstream")


# Shows: DNS64-57
@case("the upstream's options and EDNS flags stay upstream")
def _(d, up):
    def optioned(ask):
        reply = ask.from_zone()
        reply.use_edns(0, 0x1234, options=[
            dns.edns.GenericOption(65001, b"abc")])
        ask.send(reply)
    up.add('upopt.example. 300 TXT "x"')
    up.script("upopt.example.", "TXT", optioned)
    reply = d.ask("upopt.example.", "TXT", use_edns=0)
    equal((reply.ednsflags, len(reply.options)), (0, 0))
    equal(d.ask("upopt.example.", "TXT").edns, -1, "without EDNS")


# Shows: DNS64-73 DNS64-39
@case("a cookie of a wrong length is FORMERR, a bad one is replaced")
def _(d, up):
    for length in (0, 7, 9, 15, 41):
        reply = d.ask("cookie.example.", use_edns=0, options=[
            dns.edns.GenericOption(COOKIE, bytes(length))])
        equal(reply.rcode(), dns.rcode.FORMERR, f"{length} octets")
    for length in (16, 24, 40):
        reply = d.ask("cookie.example.", use_edns=0, options=[
            dns.edns.GenericOption(COOKIE, bytes(length))])
        equal(len(option(reply, COOKIE).data), 24, f"{length} octets")
    with Daemon(up, extra="cookies no") as own:
        reply = own.ask("cookie.example.", use_edns=0, options=[
            dns.edns.GenericOption(COOKIE, bytes(8))])
        equal(option(reply, COOKIE), None, "without cookies")


# Shows: DNS64-60 DNS64-74
@case("a malformed client subnet is FORMERR where it would be forwarded")
def _(d, up):
    with Daemon(up, extra="client-subnet forward") as own:
        for data in (b"", b"\0\1\x18", b"\0\1\x21\0\1\2\3\4\5",
                     b"\0\1\x18\x18\1\2\3", b"\0\1\x18\0\1\2\3\4",
                     b"\0\1\x14\0\1\2\3"):
            reply = own.ask("bad.example.", use_edns=0, options=[
                dns.edns.GenericOption(SUBNET, data)])
            equal(reply.rcode(), dns.rcode.FORMERR, str(data))


# Shows: DNS64-86
@case("a report channel is not passed on, fresh or from the cache")
def _(d, up):
    def channelled(ask):
        reply = ask.from_zone()
        reply.use_edns(0, options=[dns.edns.GenericOption(
            CHANNEL, b"\x05agent\x07example\0")])
        ask.send(reply)
    up.add('why.example. 300 TXT "x"')
    up.script("why.example.", "TXT", channelled)
    for _ in range(2):
        reply = d.ask("why.example.", "TXT", use_edns=0)
        equal((types(reply), option(reply, CHANNEL)), (["TXT"], None))


# Shows: DNS64-85
@case("without any upstream both types of question say that none was reached")
def _(d, up):
    with DeadUpstream() as dead, Daemon(dead) as own:
        for rdtype in ("AAAA", "A"):
            reply = own.ask("x.example.", rdtype, use_edns=0)
            equal((reply.rcode(), 22 in ede_codes(reply)),
                  (dns.rcode.SERVFAIL, True), rdtype)


# --- RFC 8906 ------------------------------------------------------------

# Shows: DNS64-74
@case("all probes of RFC 8906 are answered as they should be")
def _(d, up):
    up.add("probe.example. 300 SOA ns. root. 1 3600 600 86400 120")
    plain = query("probe.example.", "SOA")

    def flagged(octet, value):
        return plain[:octet] + bytes([plain[octet] | value]) + \
            plain[octet + 1:]
    option = b"\x00\x64\x00\x00"
    edns1 = OPT[:6] + b"\x01" + OPT[7:]
    opt_do = OPT[:7] + b"\x80\x00" + OPT[9:]
    for name, wire, rcode, edns, soa in (
            ("plain", plain, 0, -1, True),
            ("unknown type", query("probe.example.", "TYPE1000"), 0, -1,
             False),
            ("CD", flagged(3, 0x10), 0, -1, True),
            ("AD", flagged(3, 0x20), 0, -1, True),
            ("last flag", flagged(3, 0x40), 0, -1, True),
            ("EDNS", with_opt(plain, OPT), 0, 0, True),
            ("EDNS(1)", with_opt(plain, edns1), 16, 0, False),
            ("EDNS option", with_opt(plain, OPT[:-2] + b"\x00\x04" + option),
             0, 0, True),
            ("EDNS(1) with option", with_opt(
                plain, edns1[:-2] + b"\x00\x04" + option), 16, 0, False),
            ("EDNS flag", with_opt(plain, OPT[:8] + b"\x40" + OPT[9:]), 0, 0,
             True),
            ("DO", with_opt(plain, opt_do), 0, 0, True)):
        reply = dns.message.from_wire(d.ask_wire(wire))
        equal((reply.rcode(), reply.edns, types(reply) == ["SOA"]),
              (rcode, edns, soa), name)
    for opcode in (1, 2, 3, 4, 5, 15):
        header = flagged(2, opcode << 3)
        equal(rcode_of(d.ask_wire(header)), (4, opcode), f"opcode {opcode}")
        equal(rcode_of(d.ask_wire(header[:4] + bytes(8))), (4, opcode),
              f"opcode {opcode} without question")
    with d.tcp() as sock, sock.makefile("rb") as stream:
        sock.sendall(framed(plain))
        equal(types(read_framed(stream)), ["SOA"], "TCP")


# Shows: DNS64-39 DNS64-74
@case("a query that is no query gets FORMERR, NOTIMP or nothing")
def _(d, up):
    plain = query("form.example.")
    for name, wire in (
            ("two questions", plain[:4] + b"\x00\x02" + plain[6:] +
             plain[12:]),
            ("no question", plain[:4] + bytes(8)),
            ("one announced, none there", plain[:12]),
            ("octets behind", plain + b"\x00"),
            ("label of 64", plain[:12] + b"\x40" + plain[13:]),
            ("name of 256", plain[:12] + b"\x3f" * 256 + b"\x00\x1c\x00\x01"),
            ("name points to itself", plain[:12] + b"\xc0\x0c" +
             plain[-4:]),
            ("answer announced", plain[:6] + b"\x00\x01" + plain[8:])):
        reply = d.ask_wire(wire)
        equal((reply[:2], rcode_of(reply)), (wire[:2], (1, 0)), name)
    with d.udp() as sock:
        for wire in (b"", b"x" * 11, plain[:2] + b"\x81\x80" + plain[4:]):
            sock.send(wire)
        equal(is_silent(sock), True, "answers")
    equal(up.asked("form.example."), [], "questions upstream")


# --- TCP -----------------------------------------------------------------

# Shows: DNS64-62
@case("TCP is served on every address that UDP is, for any query")
def _(d, up):
    up.add("tcp.example. 300 A 192.0.2.7", 'tcp.example. 300 TXT "x"')
    port = free_port("::1")
    with Daemon(up, extra=f"listen on ::1 port {port}\n"
                f"listen on 127.0.0.9 port {port}") as own:
        for addr in ("::1", "127.0.0.9"):
            for ask in (dns.query.udp, dns.query.tcp):
                for rdtype, n in (("AAAA", 1), ("TXT", 1), ("MX", 0)):
                    reply = ask(dns.message.make_query("tcp.example.",
                                                       rdtype),
                                addr, TIMEOUT, port)
                    equal(len(reply.answer), n, f"{addr} {rdtype}")


# Shows: DNS64-63
@case("a hundred pipelined queries are answered each under its id")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(own_up) as own:
        for i in range(100):
            own_up.add(f"p{i}.example. 300 A 192.0.2.{i}")
            if i % 7 == 0:
                own_up.script(f"p{i}.example.", "AAAA", does.after(0.2))
        asked = {}
        with own.tcp() as sock, sock.makefile("rb") as stream:
            wires = b""
            for i in range(100):
                message = dns.message.make_query(f"p{i}.example.", "AAAA")
                message.id = i * 321 + 7
                asked[message.id] = f"p{i}.example."
                wires += framed(message.to_wire())
            sock.sendall(wires)
            order = [read_framed(stream) for _ in range(100)]
        equal({r.id: r.question[0].name.to_text() for r in order}, asked)
        for reply in order:
            host = int(reply.question[0].name.to_text()[1:].split(".")[0])
            equal(records(reply, "AAAA"), [f"{PREFIX}c000:2{host:02x}"])
        equal(order[0].id == 7, False, "the slow one came first")


# Shows: DNS64-63 DNS64-94
@case("a client that reads nothing is not waited for")
def _(d, up):
    many_a(up, "heavy.example.", 200)
    up.add("light.example. 300 A 192.0.2.8")
    with Daemon(up) as own, own.tcp() as sock:
        sock.settimeout(0.2)
        try:
            for _ in range(3000):
                sock.sendall(framed(query("heavy.example.")))
        except OSError:
            pass
        equal(records(own.ask("light.example.", tcp=True), "AAAA"),
              [f"{PREFIX}c000:208"])
        equal(own.rss() < 60000, True, f"{own.rss()} KiB")


# Shows: DNS64-64
@case("a connection with an open question outlives the idle time")
def _(d, up):
    up.add("patience.example. 300 A 192.0.2.9")
    up.script("patience.example.", "A", does.after(1.4))
    with Daemon(up, extra="timeout tcp-idle 1") as own, own.tcp() as sock, \
            sock.makefile("rb") as stream:
        sock.sendall(framed(query("patience.example.", "A")))
        equal(records(read_framed(stream), "A"), ["192.0.2.9"])
        equal(read_framed(stream), None, "idle afterwards")


# Shows: DNS64-63
@case("a frame of length 0 or a cut one ends that connection only")
def _(d, up):
    for frame in (b"\x00\x00", b"\x00\x05abcde"):
        with d.tcp() as sock, sock.makefile("rb") as stream:
            sock.sendall(frame + framed(query("v4.example.", "A")))
            sock.shutdown(1)
            read_framed(stream)
    equal(d.ask("alive.example.", tcp=True).rcode(), dns.rcode.NXDOMAIN)


# --- who may ask ---------------------------------------------------------

# Shows: DNS64-54
@case("the longest rule that holds the client's address decides")
def _(d, up):
    up.add("acl.example. 300 A 192.0.2.10")
    with Daemon(up, extra="deny from 127.0.0.0/8\nallow from 127.0.1.0/24\n"
                "deny from 127.0.1.7") as own:
        for source, rcode in (("127.0.0.1", 5), ("127.0.1.1", 0),
                              ("127.0.1.7", 5)):
            for tcp in (False, True):
                reply = own.ask("acl.example.", source=source, tcp=tcp)
                equal((reply.rcode(), bool(reply.answer)),
                      (rcode, rcode == 0), f"{source} TCP={tcp}")


# Shows: DNS64-94
@case("a refused client costs no question upstream, and no memory")
def _(d, up):
    with FakeUpstream() as own_up, Daemon(
            own_up, extra="deny from 127.0.0.1") as own:
        before = own.rss()
        with own.udp() as sock:
            for i in range(500):
                sock.send(query(f"no{i}.example."))
                sock.recv(65535)
        equal(own_up.seen, [], "questions upstream")
        equal(own.rss() - before < 2000, True, "memory")


# --- the configuration ---------------------------------------------------

# Shows: DNS64-19
@case("prefixes that RFC 6052 forbids are errors with file and line")
def _(d, up):
    status, messages = check_conf("\n".join((
        "listen on 127.0.0.1", "upstream 127.0.0.2",
        "prefix 2001:db8::/97", "prefix 2001:db8::/33",
        "prefix 2001:db8::/128", "prefix 2001:db8::1/96",
        "prefix 2001:db8:0:0:ff00::/96", "prefix 2001:db8:1::/0", "")))
    equal(status, 1)
    lines = [line.split(":")[1] for line in messages.splitlines()
             if line.startswith("conf:")]
    equal(lines, ["3", "4", "5", "6", "7", "8"], messages)


# Shows: DNS64-19
@case("the six lengths are allowed")
def _(d, up):
    for length in (32, 40, 48, 56, 64, 96):
        equal(check_conf("listen on 127.0.0.1\nupstream 127.0.0.2\n"
                         f"prefix 2001:db8::/{length}\n")[0], 0,
              f"/{length}")


# Shows: DNS64-94
@case("a shed question is answered, over TCP as well")
def _(d, up):
    with FakeUpstream() as mute, Daemon(
            mute, extra="limit queries 16") as own, own.tcp() as sock, \
            sock.makefile("rb") as stream:
        mute.everything = does.silence
        sock.sendall(b"".join(framed(query(f"s{i}.example.", "A"))
                              for i in range(40)))
        for _ in range(24):
            equal(read_framed(stream).rcode(), dns.rcode.SERVFAIL)
        equal(until(lambda: own.stats()["shed"] == 24, "shed"), True)


if __name__ == "__main__":
    sys.exit(main(FakeUpstream, workers=8))
