"""Behaviours that real upstreams have shown, as scripts for FakeUpstream.

Each name here is a script, to be given to up.script() or up.everything, or
makes one from its arguments. from_zone is the well-behaved one.
"""

import socket
import struct
import threading

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from fake_upstream import rrset, silence, with_rcode  # noqa: F401

DNSSEC_BOGUS = 6  # RFC 8914, 4.7
NETWORK_ERROR = 23  # RFC 8914, 4.24


def from_zone(ask):
    """What the zone says."""
    ask.send(ask.from_zone())


def after(seconds, script=from_zone):
    """Answer late, without keeping others waiting."""
    return lambda ask: threading.Timer(seconds, script, (ask,)).start()


def in_turn(*scripts):
    """One script for each query, the last one for all later ones."""
    state = list(scripts)
    return lambda ask: (state.pop(0) if len(state) > 1 else state[0])(ask)


def records_in(**sections):
    """Answer just these records: answer=[...], authority=[...], ..."""
    flags, rcode = sections.pop("flags", 0), sections.pop("rcode", 0)

    def script(ask):
        reply = ask.reply(rcode=rcode)
        for section, texts in sections.items():
            getattr(reply, section).extend(rrset(text) for text in texts)
        reply.flags |= flags
        if ask.message.edns >= 0:
            reply.use_edns(0, ask.message.ednsflags & dns.flags.DO)
        ask.send(reply)
    return script


def with_ede(code, rcode=dns.rcode.SERVFAIL, text=b""):
    """An error, and why (RFC 8914)."""
    def script(ask):
        reply = ask.reply(rcode=rcode)
        reply.use_edns(0, options=[dns.edns.GenericOption(
            15, struct.pack("!H", code) + text)])
        ask.send(reply)
    return script


bogus = with_ede(DNSSEC_BOGUS)


def truncated(ask):
    """TC and nothing over UDP, everything over TCP."""
    reply = ask.from_zone()
    if ask.proto == "udp":
        reply.answer = []
        reply.flags |= dns.flags.TC
    ask.send(reply)


def truncated_partly(ask):
    """TC and the first record over UDP, everything over TCP."""
    reply = ask.from_zone()
    if ask.proto == "udp":
        first = reply.answer[0]
        reply.answer = [dns.rrset.from_rdata(first.name, first.ttl,
                                             first[0])]
        reply.flags |= dns.flags.TC
    ask.send(reply)


def over_tcp(script):
    """TC over UDP, a script over TCP."""
    def choose(ask):
        if ask.proto == "udp":
            reply = ask.reply()
            reply.flags |= dns.flags.TC
            ask.send(reply)
        else:
            script(ask)
    return choose


def wrong_id(ask):
    """An answer to another query."""
    reply = ask.from_zone()
    reply.id ^= 0x5555
    ask.send(reply)


def wrong_question(name, rdtype):
    """An answer to another question."""
    def script(ask):
        reply = ask.from_zone()
        reply.question = dns.message.make_query(name, rdtype).question
        ask.send(reply)
    return script


def no_question(ask):
    """An answer without a question."""
    reply = ask.from_zone()
    reply.question = []
    ask.send(reply)


def from_elsewhere(addr, same_port, make_reply):
    """An answer from another address, or from another port."""
    def script(ask):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind((addr, ask.up.port if same_port else 0))
            other.sendto(make_reply(ask).to_wire(), ask.peer)
    return script


def twice(ask):
    """The same answer twice."""
    reply = ask.from_zone()
    ask.send(reply)
    ask.send(reply)


def header_of(ask, *counts):
    """The header of a reply that claims these section counts."""
    return struct.pack("!HHHHHH", ask.message.id, 0x8180, *counts)


def question_of(ask):
    """The question of a reply, in octets."""
    question = ask.message.question[0]
    return question.name.to_wire() + struct.pack(
        "!HH", question.rdtype, question.rdclass)


def raw_records(n_answers, octets):
    """A reply whose answer section is these octets."""
    return lambda ask: ask.send_wire(
        header_of(ask, 1, n_answers, 0, 0) + question_of(ask) + octets(ask))


def at_end(ask):
    """A compression pointer to the end of the question."""
    return struct.pack("!H", 0xc000 + 12 + len(question_of(ask)))


A_FIXED = struct.pack("!HHIH", 1, 1, 300, 4) + b"\xc0\x00\x02\x63"

MALFORMED = {
    "one octet": lambda ask: ask.send_wire(b"x"),
    "header only, counts set": lambda ask: ask.send_wire(
        header_of(ask, 1, 1, 0, 0)),
    "question cut": lambda ask: ask.send_wire(
        header_of(ask, 1, 0, 0, 0) + question_of(ask)[:-3]),
    "pointer to itself": raw_records(1, lambda ask: at_end(ask) + A_FIXED),
    "pointers in a ring": raw_records(1, lambda ask: b"\x01a" + at_end(ask) +
                                      A_FIXED),
    "pointer forwards": raw_records(1, lambda ask: b"\xff\xff" + A_FIXED),
    "pointer into the header": raw_records(
        1, lambda ask: b"\xc0\x02" + A_FIXED),
    "label type 01": raw_records(1, lambda ask: b"\x41a\x00" + A_FIXED),
    "rdlength beyond the end": raw_records(
        1, lambda ask: b"\xc0\x0c" + A_FIXED[:8] + b"\xff\xff\x01"),
    "A of three octets": raw_records(
        1, lambda ask: b"\xc0\x0c" + A_FIXED[:8] + b"\x00\x03\x01\x02\x03"),
    "more records announced than there are": raw_records(
        9, lambda ask: b"\xc0\x0c" + A_FIXED),
    "two OPT": lambda ask: ask.send_wire(
        header_of(ask, 1, 0, 0, 2) + question_of(ask) +
        2 * (b"\x00" + struct.pack("!HHIH", 41, 1232, 0, 0))),
}


def no_edns(rcode):
    """A server of before EDNS: an error without OPT for a query with it."""
    def script(ask):
        reply = ask.from_zone() if ask.message.edns < 0 else \
            ask.reply(rcode=rcode)
        reply.use_edns(False)
        ask.send(reply)
    return script


def no_opt_back(ask):
    """Understands OPT, or ignores it, and sends none."""
    reply = ask.from_zone()
    reply.use_edns(False)
    ask.send(reply)


def drop_edns(ask):
    """A firewall that lets no EDNS pass."""
    if ask.message.edns < 0:
        from_zone(ask)


def cname_chain(up, stem, length, *last):
    """A chain of aliases in the zone, and what its last name has."""
    for i in range(length):
        up.add(f"{stem}{i}.example. 300 CNAME {stem}{i + 1}.example.")
    up.add(*(f"{stem}{length}.example. {text}" for text in last))


def rrsig(owner, rdtype):
    """A signature record over a set; its octets mean nothing."""
    labels = owner.count(".")
    return (f"{owner} 300 RRSIG {rdtype} 8 {labels} 300 20400101000000 "
            "20200101000000 12345 example. AAAA")
