#!/usr/bin/python3
"""dns64d with real validating resolvers: Unbound, with and without the
statement that our manual asks for, then BIND.

    client (this script) --- dns64d --- unbound --+-- nsd, 192.0.2.53
                                \\------ named ----+   . lab. signed.lab. ...

Runs in a network namespace of its own that ends with the script. The
zones make a small Internet: a signed root, whose key is the resolvers' trust
anchor, a signed and an unsigned zone, and one whose chain of trust is broken.
Needs root. Prints TAP, each test once for each resolver.
"""

import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import (PREFIX, Daemon, case, cases, ede_codes, equal, records,
                 run_case, started, types, until)

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.reversename

AD, CD = dns.flags.AD, dns.flags.CD
AUTHORITY = "192.0.2.53"
Upstream = collections.namedtuple("Upstream", "name addr port")
UNBOUND = Upstream("unbound", "127.0.0.4", 53)
BIND = Upstream("named", "127.0.0.5", 53)
MUTE = Upstream("unbound without ede", "127.0.0.6", 53)  # Unbound's default
UPSTREAMS = (UNBOUND, MUTE, BIND)

HEAD = """$TTL 300
@ SOA ns.lab. root.lab. 1 3600 600 86400 120
@ NS ns.lab.
"""
NAMES = """
v4 A 198.18.0.33
dual A 198.18.0.34
dual AAAA 2001:db8:1::34
text TXT "x"
six AAAA 2001:db8:1::35
c1 CNAME c2
c2 CNAME c3
c3 A 198.18.0.36
dn DNAME target
w.target A 198.18.0.37
*.wild A 198.18.0.38
away CNAME v4.plain.lab.
dangling CNAME nowhere
mail MX 10 v4
mapped AAAA ::ffff:198.18.0.39
mapped A 198.18.0.39
""" + "".join(f"many A 198.18.1.{i}\n" for i in range(90))
ZONES = {
    ".": "lab NS ns.lab.\nns.lab. A 192.0.2.53\narpa NS ns.lab.\n"
         "18.198.in-addr.arpa NS ns.lab.\n",
    "lab.": "ns A 192.0.2.53\nsigned NS ns\nplain NS ns\nbogus NS ns\n",
    "signed.lab.": NAMES + "bad4 A 198.18.0.40\n"
                   "bad6 AAAA 2001:db8:1::41\nbad6 A 198.18.0.41\n",
    "plain.lab.": NAMES,
    "bogus.lab.": NAMES,
    "arpa.": "",
    "18.198.in-addr.arpa.": "33.0 PTR v4.plain.lab.\n",
}
SIGNED = ("signed.lab.", "bogus.lab.", "lab.", ".")  # children first


def run(*command, **how):
    """Run a program that must succeed; its output."""
    return subprocess.run(command, check=True, capture_output=True,
                          text=True, **how).stdout


def sign(zone, tmp):
    """Sign a zone file in place: -g takes the DS of signed children from
    the files that their signing has left in the directory."""
    run("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", zone,
        cwd=tmp)
    run("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", zone, cwd=tmp)
    run("dnssec-signzone", "-q", "-S", "-g", "-o", zone, "-f",
        f"{file_of(zone)}.signed", file_of(zone), cwd=tmp)
    os.replace(tmp / f"{file_of(zone)}.signed", tmp / file_of(zone))


def file_of(zone):
    """The file of a zone."""
    return f"zone.{zone.strip('.') or 'root'}"


def spoil(text):
    """Change what was signed, here and there."""
    text = text.replace("198.18.0.40", "198.18.0.140")
    return text.replace("2001:db8:1::41", "2001:db8:bad::41")


def write_zones(tmp):
    """Write and sign the zones; returns the root's DNSKEY, as text."""
    for zone, text in ZONES.items():
        (tmp / file_of(zone)).write_text(HEAD + text)
    for zone in SIGNED:
        sign(zone, tmp)
        if zone == "bogus.lab.":  # whose parent shall name another key
            ds = tmp / f"dsset-{zone}"
            ds.write_text(re.sub(r"[0-9A-F]{8}\s*$", "0" * 8 + "\n",
                                 ds.read_text()))
    signed = tmp / file_of("signed.lab.")
    signed.write_text(spoil(signed.read_text()))
    keys = [p.read_text() for p in tmp.glob("K.+*.key")]
    return next(line for key in keys for line in key.splitlines()
                if " 257 3 " in line)


def write_configurations(tmp, anchor):
    """The configuration of the servers, and delv's trust anchor."""
    (tmp / "nsd.conf").write_text(f"""server:
    ip-address: {AUTHORITY}
    username: ""
    chroot: ""
    zonesdir: "{tmp}"
    database: ""
    pidfile: ""
    xfrdfile: "{tmp}/xfrd"
    zonelistfile: "{tmp}/zonelist"
    server-count: 1
remote-control:
    control-enable: no
""" + "".join(f'zone:\n    name: "{zone}"\n    zonefile: "{file_of(zone)}"\n'
              for zone in ZONES))
    (tmp / "root.hints").write_text(
        f". 3600 NS ns.lab.\nns.lab. 3600 A {AUTHORITY}\n")
    (tmp / "root.anchor").write_text(anchor + "\n")
    for upstream, ede in ((UNBOUND, "yes"), (MUTE, "no")):
        (tmp / f"{upstream.addr}.conf").write_text(f"""server:
    interface: {upstream.addr}
    username: ""
    chroot: ""
    directory: "{tmp}"
    pidfile: ""
    use-syslog: no
    do-ip6: no
    root-hints: "{tmp}/root.hints"
    trust-anchor-file: "{tmp}/root.anchor"
    module-config: "validator iterator"
    ede: {ede}
remote-control:
    control-enable: no
""")
    key = anchor.split(" 257 3 ")[1].split(None, 1)
    trust = f'trust-anchors {{ . static-key 257 3 {key[0]} "{key[1]}"; }};\n'
    (tmp / "delv.key").write_text(trust)
    (tmp / "named.conf").write_text(f"""options {{
    directory "{tmp}";
    listen-on {{ {BIND.addr}; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    session-keyfile none;
    recursion yes;
    dnssec-validation yes;
    empty-zones-enable no;
    max-cache-size 16M;
}};
controls {{ }};
zone "." {{ type hint; file "root.hints"; }};
{trust}""")


class Servers:
    """The servers, on their way until close()."""

    tmp = None  # their directory

    def __init__(self):
        self.tmp = Servers.tmp = pathlib.Path(
            tempfile.mkdtemp(prefix="resolvers"))
        self.running = []
        write_configurations(self.tmp, write_zones(self.tmp))
        self.start("nsd", "-d", "-c", self.tmp / "nsd.conf")
        self.await_answer(AUTHORITY)
        for upstream in (UNBOUND, MUTE):
            self.start("unbound", "-d", "-c",
                       self.tmp / f"{upstream.addr}.conf")
        self.start("named", "-g", "-c", self.tmp / "named.conf")
        for upstream in UPSTREAMS:
            self.await_answer(upstream.addr)

    def start(self, name, *arguments):
        """Start a server. A copy, since a profile of AppArmor may keep the
        one in /usr/sbin from files outside /etc and /var."""
        program = shutil.which(name, path="/usr/sbin:/usr/bin")
        name = f"{len(self.running)}-{name}"
        program = shutil.copy(program, self.tmp / f"bin-{name}")
        with open(self.tmp / f"{name}.log", "w") as log:
            self.running.append(subprocess.Popen(
                [program, *arguments], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log))
        started.append((self.running[-1], self.tmp))

    def await_answer(self, addr):
        """Wait until a server knows a name of the lab."""
        query = dns.message.make_query("v4.signed.lab.", "A")

        def answers():
            try:
                return dns.query.udp(query, addr, 0.5).answer
            except (OSError, dns.exception.DNSException):
                return None
        try:
            until(answers, f"{addr} answers", 10)
        except AssertionError:
            for log in self.tmp.glob("*.log"):
                print("\n# ".join([f"# {log.name}"] +
                                  log.read_text().splitlines()[-15:]))
            self.close()
            raise

    def close(self):
        """End all and clean up."""
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(10)
        shutil.rmtree(self.tmp)


def ask(d, name, rdtype="AAAA", do=False, cd=False, ad=False):
    """Ask with these bits, over TCP, where nothing is cut."""
    query = dns.message.make_query(name, rdtype, use_edns=0,
                                   want_dnssec=do)
    query.flags |= (CD if cd else 0) | (AD if ad else 0)
    return d.ask(query, tcp=True)


def p64(host):
    """The synthetic address of a host of 198.18.0.0/24."""
    return f"{PREFIX}c612:{host:x}"


# --- unsigned and signed alike -------------------------------------------

# Shows: DNS64-13 DNS64-14
@case("names with A only get AAAA, those with AAAA keep theirs")
def _(d, up):
    for zone in ("plain", "signed"):
        reply = ask(d, f"v4.{zone}.lab.")
        equal(records(reply, "AAAA"), [p64(33)], zone)
        equal(1 <= reply.answer[0].ttl <= 120, True, "TTL")
        reply = ask(d, f"dual.{zone}.lab.")
        equal(records(reply, "AAAA"), ["2001:db8:1::34"], zone)
        reply = ask(d, f"six.{zone}.lab.")
        equal(records(reply, "AAAA"), ["2001:db8:1::35"], zone)
        reply = ask(d, f"mapped.{zone}.lab.")
        equal(records(reply, "AAAA"), [p64(39)], zone)


# Shows: DNS64-04 DNS64-12
@case("NXDOMAIN and NODATA stay what they are, with one SOA")
def _(d, up):
    for zone in ("plain", "signed"):
        for name, rcode in (("none", 3), ("text", 0)):
            for do in (False, True):
                reply = ask(d, f"{name}.{zone}.lab.", do=do)
                equal((reply.rcode(), types(reply),
                       types(reply, "authority").count("SOA")),
                      (rcode, [], 1), f"{name}.{zone} DO={do:d}")


# Shows: DNS64-11
@case("aliases are kept in order before the AAAA, DNAME as well")
def _(d, up):
    for zone in ("plain", "signed"):
        reply = ask(d, f"c1.{zone}.lab.")
        equal((types(reply), records(reply, "AAAA")),
              (["CNAME", "CNAME", "AAAA"], [p64(36)]), zone)
        reply = ask(d, f"w.dn.{zone}.lab.")
        equal((types(reply), records(reply, "AAAA")),
              (["DNAME", "CNAME", "AAAA"], [p64(37)]), zone)
        reply = ask(d, f"dangling.{zone}.lab.")
        equal((reply.rcode(), types(reply)), (3, ["CNAME"]), zone)
        reply = ask(d, f"x.wild.{zone}.lab.")
        equal(records(reply, "AAAA"), [p64(38)], "wildcard")
        equal(records(ask(d, f"away.{zone}.lab."), "AAAA"), [p64(33)],
              "into another zone")


# Shows: DNS64-36 DNS64-61
@case("90 A that the resolver sends over TCP give 90 AAAA")
def _(d, up):
    equal(len(records(ask(d, "many.plain.lab."), "AAAA")), 90)
    reply = d.ask("many.plain.lab.", use_edns=0, payload=1232)
    equal(bool(reply.flags & dns.flags.TC), True, "TC over UDP")


# Shows: DNS64-29 DNS64-30
@case("reverse names lead to in-addr.arpa and what it knows")
def _(d, up):
    reply = ask(d, dns.reversename.from_address(p64(33)), "PTR")
    equal((types(reply), records(reply, "PTR")),
          (["CNAME", "PTR"], ["v4.plain.lab."]))
    reply = ask(d, dns.reversename.from_address(p64(34)), "PTR")
    equal((reply.rcode(), types(reply)), (3, []))


# Shows: DNS64-34
@case("other types pass, signatures included")
def _(d, up):
    reply = ask(d, "mail.signed.lab.", "MX", do=True)
    equal((types(reply), bool(reply.flags & AD)), (["MX", "RRSIG"], True))
    equal(types(ask(d, "signed.lab.", "DNSKEY", do=True)),
          ["DNSKEY", "RRSIG"])
    equal(types(ask(d, "signed.lab.", "DS", do=True)), ["DS", "RRSIG"])


# --- DO and CD -----------------------------------------------------------

# Shows: DNS64-40 DNS64-41 DNS64-44 DNS64-46 DNS64-47
@case("with CD=0 signed names without AAAA are synthesised, never with AD")
def _(d, up):
    for do in (False, True):
        for ad in (False, True):
            what = f"DO={do:d} AD={ad:d}"
            reply = ask(d, "v4.signed.lab.", do=do, ad=ad)
            equal((types(reply), records(reply, "AAAA")),
                  (["AAAA"], [p64(33)]), what)
            equal(reply.flags & AD, 0, f"AD, {what}")
            equal([t for t in types(reply, "authority")
                   if t in ("SOA", "NSEC", "NSEC3")], [], what)


# Shows: DNS64-42 DNS64-43
@case("with CD=1 the resolver's data come, with signatures for DO=1")
def _(d, up):
    reply = ask(d, "v4.signed.lab.", do=True, cd=True)
    equal((types(reply), "NSEC" in types(reply, "authority"),
           "RRSIG" in types(reply, "authority")), ([], True, True))
    reply = ask(d, "v4.signed.lab.", cd=True)
    equal((types(reply), "NSEC" in types(reply, "authority")), ([], False))
    reply = ask(d, "v4.signed.lab.", "A", do=True, cd=True)
    equal(types(reply), ["A", "RRSIG"])


# Shows: DNS64-40 DNS64-44
@case("a validated AAAA keeps its signature and AD")
def _(d, up):
    reply = ask(d, "dual.signed.lab.", do=True)
    equal((types(reply), bool(reply.flags & AD)), (["AAAA", "RRSIG"], True))
    reply = ask(d, "dual.plain.lab.", do=True)
    equal((types(reply), bool(reply.flags & AD)), (["AAAA"], False))


# Shows: DNS64-47
@case("signatures of aliases are kept for DO=1, those of the A are not")
def _(d, up):
    reply = ask(d, "c1.signed.lab.", do=True)
    equal(sorted(types(reply)), ["AAAA", "CNAME", "CNAME", "RRSIG", "RRSIG"])
    equal({rd.type_covered for rrs in reply.answer for rd in rrs
           if rrs.rdtype == 46}, {5}, "types covered")


def delv(d, name, *options):
    """What BIND's validator says of a name's AAAA."""
    done = subprocess.run(
        ["delv", f"@{d.addr}", "-p", str(d.port), "-a",
         Servers.tmp / "delv.key", "+root=.", *options, name, "AAAA"],
        capture_output=True, text=True, timeout=20)
    return done.stdout + done.stderr


# What dns64d(8) says of delv.
# Shows: DNS64-42 DNS64-46 DNS64-97
@case("delv refuses what is synthesised, unless it sets CD or is left alone")
def _(d, up):
    said = delv(d, "v4.signed.lab.")
    equal("insecurity proof failed" in said, True, said)
    said = delv(d, "v4.signed.lab.", "+cdflag")
    equal("negative response, fully validated" in said, True, said)
    said = delv(d, "v4.plain.lab.")
    equal("unsigned answer" in said and p64(33) in said, True, said)
    with Daemon(up, addr=d.addr, extra="signed leave") as own:
        said = delv(own, "v4.signed.lab.")
        equal("negative response, fully validated" in said, True, said)
        said = delv(own, "dual.signed.lab.")
        equal("; fully validated" in said, True, said)
        equal(records(ask(own, "v4.signed.lab."), "AAAA"), [p64(33)],
              "without DO")


# --- bogus data ----------------------------------------------------------

# Shows: DNS64-41 DNS64-44 DNS64-45
@case("what the resolver finds bogus is SERVFAIL, and no AAAA is made of it")
def _(d, up):
    for name in ("v4.bogus.lab.", "dual.bogus.lab.", "text.bogus.lab.",
                 "bad4.signed.lab."):
        for do in (False, True):
            reply = ask(d, name, do=do)
            equal((reply.rcode(), types(reply)), (dns.rcode.SERVFAIL, []),
                  f"{name} DO={do:d}")


# Shows: DNS64-41 DNS64-44 DNS64-85
@case("a bogus AAAA is not replaced by its A where the resolver says why")
def _(d, up):
    reply = ask(d, "bad6.signed.lab.")
    if up == UNBOUND:
        equal(reply.rcode(), dns.rcode.SERVFAIL)
        equal(bool(set(ede_codes(reply)) & {6, 7, 8, 9, 10, 12}), True,
              f"extended errors {ede_codes(reply)}")
    else:  # neither says it, so it is an error like any other
        equal(records(reply, "AAAA"), [p64(41)])


# Shows: DNS64-42
@case("CD=1 and DO=1 get even bogus data, for the client to judge")
def _(d, up):
    reply = ask(d, "bad4.signed.lab.", "A", do=True, cd=True)
    equal((reply.rcode(), types(reply)), (0, ["A", "RRSIG"]))


def main():
    """All cases with each resolver."""
    number = failed = 0
    servers = Servers()
    try:
        for upstream in UPSTREAMS:
            with Daemon(upstream, addr="127.0.0.1") as daemon:
                for description, function in cases:
                    number += 1
                    trouble = run_case(function, upstream, daemon)
                    failed += bool(trouble)
                    print(f"{'not ok' if trouble else 'ok'} {number} - "
                          f"{description} ({upstream.name})", flush=True)
                    for line in trouble:
                        print(f"#   {line}", flush=True)
    finally:
        servers.close()
    print(f"1..{number}")
    return 1 if failed else 0


def skip(reason):
    """End here, untested."""
    print(f"ok 1 - real resolvers # SKIP {reason}\n1..1")
    sys.exit(0)


def enter_namespace():
    """Go on in a network namespace that ends with this process."""
    if os.geteuid() != 0:
        skip("not root: no network namespaces")
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    for program in ("nsd", "unbound", "named", "dnssec-signzone", "delv", "ip"):
        if shutil.which(program) is None:
            skip(f"no {program}")
    if "RESOLVERS_NS" not in os.environ:
        if subprocess.call(["unshare", "--net", "true"],
                           stderr=subprocess.DEVNULL) != 0:
            skip("no network namespaces here")
        os.environ["RESOLVERS_NS"] = "inside"
        os.execvp("unshare", ["unshare", "--net", "--", sys.executable,
                              *sys.argv])
    run("ip", "link", "set", "lo", "up")
    # named listens only on what an interface is configured with.
    for addr in (AUTHORITY, *(u.addr for u in UPSTREAMS)):
        run("ip", "address", "add", f"{addr}/32", "dev", "lo")


if __name__ == "__main__":
    enter_namespace()
    sys.exit(main())
