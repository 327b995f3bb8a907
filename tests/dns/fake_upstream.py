"""A scripted DNS server, for tests: one UDP and one TCP socket on loopback.

    up = FakeUpstream()
    up.add("www.example. 300 A 192.0.2.33")     what it knows
    up.script("www.example.", "AAAA", silence)  what it does instead

A script is called as script(ask) for each matching query, in the server's
thread. Without one the zone is answered from, with NODATA or NXDOMAIN and the
SOA of example. where there is nothing. Names without a known suffix do not
exist. Everything received is kept in up.seen.
"""

import collections
import contextlib
import selectors
import socket
import struct
import threading

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

Seen = collections.namedtuple("Seen", "proto peer name type message")
SOA = "example. 300 SOA ns.example. root.example. 1 3600 600 86400 120"


def rrset(text):
    """'owner ttl TYPE rdata' as an RRset."""
    owner, ttl, rdtype, rdata = text.split(None, 3)
    return dns.rrset.from_text(owner, int(ttl), "IN", rdtype, rdata)


class Ask:
    """One query, and the ways to answer it."""

    def __init__(self, up, proto, peer, message, send, conn=None):
        self.up, self.proto, self.peer = up, proto, peer
        self.message, self.send_wire = message, send
        self.conn = conn  # the socket of a TCP query

    def reply(self, *texts, rcode=dns.rcode.NOERROR, soa=False):
        """Make a reply with these answer records."""
        reply = dns.message.make_response(
            self.message, recursion_available=True)
        reply.set_rcode(rcode)
        reply.answer = [rrset(text) for text in texts]
        if soa:
            reply.authority.append(rrset(SOA))
        return reply

    def send(self, reply):
        """Send a message, whatever its size."""
        self.send_wire(reply.to_wire(max_size=65535))

    def answer(self, *texts, **how):
        """reply() and send()."""
        self.send(self.reply(*texts, **how))

    def from_zone(self):
        """What the zone says."""
        question = self.message.question[0]
        name, found, chain = question.name, None, []
        while found is None:
            found = self.up.zone.get((name, question.rdtype))
            alias = self.up.zone.get((name, dns.rdatatype.CNAME))
            if found is None and alias is not None and len(chain) < 40:
                chain.append(alias)
                name = alias[0].target
                continue
            break
        # A copy: tests add to the zone meanwhile.
        exists = any(key[0] == name for key in list(self.up.zone))
        reply = self.reply(rcode=dns.rcode.NOERROR if exists
                           else dns.rcode.NXDOMAIN, soa=found is None)
        reply.answer = chain + ([found] if found is not None else [])
        return reply


def silence(ask):
    """No answer at all."""


def with_rcode(rcode):
    """A script that answers an error."""
    return lambda ask: ask.answer(rcode=rcode)


def bind_both(addr, port):
    """UDP and TCP sockets on one port, a free one when port is 0."""
    family = socket.AF_INET6 if ":" in addr else socket.AF_INET
    while True:
        udp = socket.socket(family, socket.SOCK_DGRAM)
        tcp = socket.socket(family, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # With the index of the interface in fe80::1%eth0.
        where = socket.getaddrinfo(addr, port)[0][4]
        try:
            udp.bind(where)
            tcp.bind((where[0], udp.getsockname()[1], *where[2:]))
            tcp.listen(50)
            return udp, tcp
        except OSError:
            udp.close()
            tcp.close()
            if port != 0:
                raise


class DeadUpstream:
    """A port that refuses all datagrams, and is nobody else's meanwhile.

    A port that was merely let go may be anybody's at once: of a test that
    runs at the same time, or of the daemon that is to find it dead. This one
    has a socket that hears nobody but itself.
    """

    def __init__(self, addr="127.0.0.1"):
        self.addr = addr
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((addr, 0))
        self.udp.connect(self.udp.getsockname())
        self.port = self.udp.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.udp.close()


class FakeUpstream:
    """See the head of the file."""

    def __init__(self, addr="127.0.0.1", port=0):
        self.zone, self.scripts, self.seen = {}, {}, []
        self.errors = []  # (proto, octets, what was wrong) of bad queries
        self.everything = None  # a script for all questions
        self.addr = addr
        self.udp, self.tcp = bind_both(addr, port)
        self.port = self.udp.getsockname()[1]
        self.wake, waker = socket.socketpair()
        self.waker = waker
        self.sel = selectors.DefaultSelector()
        for sock, handler in ((self.udp, self.on_udp),
                              (self.tcp, self.on_accept),
                              (waker, None)):
            self.sel.register(sock, selectors.EVENT_READ, handler)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def close(self):
        """Stop, and free the port."""
        self.wake.send(b"x")
        self.thread.join()
        for key in list(self.sel.get_map().values()):
            key.fileobj.close()
        self.wake.close()
        self.sel.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def add(self, *texts):
        """Put records into the zone."""
        for text in texts:
            rrs = rrset(text)
            old = self.zone.get((rrs.name, rrs.rdtype))
            if old is not None:
                old.union_update(rrs)
            else:
                self.zone[(rrs.name, rrs.rdtype)] = rrs

    def script(self, name, rdtype, script):
        """Answer a question by a script; None: by the zone again."""
        key = (dns.name.from_text(name), dns.rdatatype.from_text(rdtype))
        self.scripts[key] = script

    def asked(self, name, rdtype=None):
        """What was received for a name."""
        name = dns.name.from_text(name)
        return [s for s in list(self.seen) if s.name == name and
                (rdtype is None or
                 s.type == dns.rdatatype.from_text(rdtype))]

    def run(self):
        """The thread."""
        while True:
            for key, _ in self.sel.select():
                if key.fileobj is self.waker:
                    return
                key.data(key.fileobj)

    def handle(self, proto, peer, wire, send, conn=None):
        """Answer one query; one that makes no sense has no answer."""
        try:
            message = dns.message.from_wire(wire)
        except dns.exception.DNSException as error:
            self.errors.append((proto, wire, error))
            return
        question = message.question[0]
        self.seen.append(Seen(proto, peer, question.name, question.rdtype,
                              message))
        ask = Ask(self, proto, peer, message, send, conn)
        script = self.everything or self.scripts.get(
            (question.name, question.rdtype))
        if script is not None:
            script(ask)
            return
        ask.send(ask.from_zone())

    def on_udp(self, sock):
        """A datagram has come."""
        try:
            wire, peer = sock.recvfrom(65535)
        except ConnectionError:
            return

        def send(reply):
            with contextlib.suppress(OSError):  # closed meanwhile
                sock.sendto(reply, peer)
        self.handle("udp", peer, wire, send)

    def on_accept(self, sock):
        """Serve a connection to its end; queries here are few."""
        conn, peer = sock.accept()
        threading.Thread(target=self.serve_tcp, args=(conn, peer),
                         daemon=True).start()

    def serve_tcp(self, conn, peer):
        """One connection, to its end in whatever way."""
        with conn, contextlib.suppress(OSError), \
                conn.makefile("rb") as stream:
            while True:
                head = stream.read(2)
                if len(head) < 2:
                    return
                wire = stream.read(struct.unpack("!H", head)[0])

                def send(reply):
                    conn.sendall(struct.pack("!H", len(reply)) + reply)
                self.handle("tcp", peer, wire, send, conn)
