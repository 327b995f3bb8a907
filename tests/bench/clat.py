"""464XLAT beside NAT64 alone: what the second translator costs a program that
has IPv4 only. To the lab (lab.py) comes a CLAT in front of each nat64d:

    client -- clat -- nat64d      -- server 198.51.100.21
    client -- clat -- nat64d-user -- server 198.51.100.22

The CLAT is our daemon with "mode clat"; it translates every packet itself. The
client names the same server by IPv4 through both translators, and by IPv6
through the NAT64 alone, in turn.
"""

from lab import OURS, SERVER, SERVER_FROM_CLIENT, number_of, until
from rounds import SECS, in_turn

PORT = 7000
WAYS = ("nat64 alone", "clat and nat64")
SIZE = 64

CLAT_CONF = """\
mode clat
prefix 2001:db8:800{k}::/96
map 10.1.{k}.0/24 to 2001:db8:a{k}::/64
tun clat mtu 1500
control no
user nobody
"""


def values(text):
    """Lines "name value [unit]" as a dictionary."""
    pairs = (line.split() for line in text.splitlines())
    return {words[0]: float(words[1]) for words in pairs if len(words) > 1}


def server_of(system):
    """The address that the client reaches through CLAT and NAT64."""
    return f"198.51.100.{20 + number_of(system)}"


def target(way, system):
    return (SERVER_FROM_CLIENT[system] if way == WAYS[0] else
            server_of(system))


def add_clat(lab, system):
    """Put a CLAT between the client and that gateway, beside what is there."""
    # pylint: disable=protected-access
    k, role = number_of(system), f"clat{number_of(system)}"
    server = server_of(system)
    lab._add_ns(role)
    lab._link("client", role, [f"10.1.{k}.10/24"],
              role, "client", [f"10.1.{k}.1/24"])
    lab._link(role, "plat", [f"2001:db8:b{k}::2/64"],
              system, role, [f"2001:db8:b{k}::1/64"])
    lab.ip(role, "route", "add", "default", "via", f"2001:db8:b{k}::1")
    lab.ip(system, "route", "add", f"2001:db8:a{k}::/64", "via",
           f"2001:db8:b{k}::2")
    lab.ip("client", "route", "add", f"{server}/32", "via", f"10.1.{k}.1")
    lab.ip(system, "route", "add", f"{server}/32", "via", f"198.18.{k}.10")
    lab.ip("server", "addr", "add", f"{server}/32", "dev", "lo")
    conf = lab.dir / f"{role}.conf"
    conf.write_text(CLAT_CONF.format(k=k))
    with (lab.dir / f"{role}.out").open("w") as out:
        process = lab.start(role, lab.build / "nat64d/nat64d", "-d", "-f",
                            conf, stdout=out, stderr=out)
    until(lambda: answers(lab, server), f"{role} works")
    return process


def answers(lab, address):
    try:
        lab.run("client", "ping", "-c", "1", "-W", "1", address)
    except RuntimeError:
        return False
    return True


def stream(report, lab, direction):
    """One stream of TCP."""
    for way, system in in_turn(WAYS, OURS):
        address = SERVER if way == WAYS[0] else server_of(system)
        server = lab.start_ready("server", lab.tool("tcpblast"), "stream",
                                 address, PORT)
        result = values(lab.run("client", lab.tool("tcpblast"), direction,
                                target(way, system), PORT, 1, SECS))
        lab.stop(server)
        report.add(f"{way}: tcp {direction}, 1 streams", "Gbit/s", system,
                   result["bytes"] * 8 / result["seconds"] / 1e9)


def send(lab, way, system, seconds, rate=0):
    address = SERVER if way == WAYS[0] else server_of(system)
    sink = lab.start_ready("server", lab.tool("udpblast"), "sink", address,
                           PORT, 1)
    result = values(lab.run("client", lab.tool("udpblast"), "send",
                            target(way, system), PORT, SIZE, 1, seconds,
                            rate))
    result.update(values(lab.stop(sink)))
    return result


def datagrams(report, lab):
    for way, system in in_turn(WAYS, OURS):
        # The first datagrams wait for neighbour discovery and new sessions.
        send(lab, way, system, 0.05, 1000)
        result = send(lab, way, system, SECS)
        name = f"{way}: udp {SIZE} B, 1 flows"
        report.add(f"{name}: delivered", "kpps", system,
                   result["received"] / result["seconds"] / 1e3)
        report.add(f"{name}: loss", "%", system,
                   100 * (1 - result["received"] / result["sent"]))


def measure(report, lab):
    """Leaves the lab as it was, but for the namespaces."""
    processes = [add_clat(lab, system) for system in OURS]
    stream(report, lab, "down")
    stream(report, lab, "up")
    datagrams(report, lab)
    for process in processes:
        lab.stop(process)
