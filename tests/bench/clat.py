"""The stateless translator: alone, and as the one end of 464XLAT. To the lab
(lab.py) comes a CLAT for nat64d and for nat64d-user each, with the fast path
and with "fastpath no":

    client -- clat ------------ server 2001:db8:800K::198.51.100.3K
    client -- clat -- nat64d -- server 198.51.100.2K

The CLAT is our daemon with "mode clat". The client names the servers by IPv4
through it, which leads straight to one that has IPv6 or on to the NAT64; and by
IPv6 through the NAT64 alone. Beside each of these is the kernel's NAT44 with
IPv4 from end to end, measured again in its turn.
"""

from lab import OURS, SERVER, SERVER_FROM_CLIENT, USER, number_of, until
from rounds import SECS, in_turn

PORT = 7000
NAT64, CLAT, BOTH = WAYS = ("nat64 alone", "clat alone", "clat and nat64")
WITH_CLAT = ("nat64d", USER)
NAT44 = "nat44"
MEASURED = (*WITH_CLAT, NAT44)
SIZE = 64

CLAT_CONF = """\
mode clat
prefix 2001:db8:800{k}::/96
map 10.1.{k}.0/24 to 2001:db8:a{k}::/64
tun clat mtu 1500
{fastpath}
control no
user nobody
"""


def values(text):
    """Lines "name value [unit]" as a dictionary."""
    pairs = (line.split() for line in text.splitlines())
    return {words[0]: float(words[1]) for words in pairs if len(words) > 1}


def server_of(way, system):
    """The address that the server has, at the end of that way."""
    k = number_of(system)
    if way == NAT64 or system == NAT44:
        return SERVER
    return (f"198.51.100.{20 + k}" if way == BOTH else
            f"2001:db8:800{k}::198.51.100.{30 + k}")


def target(way, system):
    """The address by which the client names it."""
    if system == NAT44 or way == NAT64:
        return SERVER_FROM_CLIENT[system]
    return server_of(way, system).rpartition(":")[2]


def add_clat(lab, system):
    """Put a CLAT between the client and that gateway, beside what is there,
    and a link from it to the server."""
    # pylint: disable=protected-access
    k, role = number_of(system), f"clat{number_of(system)}"
    both, alone = target(BOTH, system), target(CLAT, system)
    alone6 = server_of(CLAT, system)
    lab._add_ns(role)
    lab._link("client", role, [f"10.1.{k}.10/24"],
              role, "client", [f"10.1.{k}.1/24"])
    lab._link(role, "plat", [f"2001:db8:b{k}::2/64"],
              system, role, [f"2001:db8:b{k}::1/64"])
    lab._link(role, "server", [f"2001:db8:c{k}::2/64"],
              "server", role, [f"2001:db8:c{k}::1/64"])
    lab.ip(role, "route", "add", "default", "via", f"2001:db8:b{k}::1")
    lab.ip(role, "route", "add", f"{alone6}/128", "via", f"2001:db8:c{k}::1")
    for gateway in (system, "server"):
        lab.ip(gateway, "route", "add", f"2001:db8:a{k}::/64", "via",
               f"2001:db8:{'b' if gateway == system else 'c'}{k}::2")
    for address in (both, alone):
        lab.ip("client", "route", "add", f"{address}/32", "via",
               f"10.1.{k}.1")
    lab.ip(system, "route", "add", f"{both}/32", "via", f"198.18.{k}.10")
    lab.ip("server", "addr", "add", f"{both}/32", "dev", "lo")
    lab.ip("server", "addr", "add", f"{alone6}/128", "dev", "lo", "nodad")
    return start_clat(lab, system, role)


def start_clat(lab, system, role):
    conf = lab.dir / f"{role}.conf"
    conf.write_text(CLAT_CONF.format(k=number_of(system),
                                     fastpath=OURS[system][0]))
    with (lab.dir / f"{role}.out").open("w") as out:
        process = lab.start(role, lab.build / "nat64d/nat64d", "-d", "-f",
                            conf, stdout=out, stderr=out)
    for way in (CLAT, BOTH):
        until(lambda w=way: answers(lab, target(w, system)),
              f"{role} works: {way}")
    return process


def answers(lab, address):
    try:
        lab.run("client", "ping", "-c", "1", "-W", "1", address)
    except RuntimeError:
        return False
    return True


def stream(report, lab, direction):
    """One stream of TCP."""
    for way, system in in_turn(WAYS, MEASURED):
        server = lab.start_ready("server", lab.tool("tcpblast"), "stream",
                                 server_of(way, system), PORT)
        result = values(lab.run("client", lab.tool("tcpblast"), direction,
                                target(way, system), PORT, 1, SECS))
        lab.stop(server)
        report.add(f"{way}: tcp {direction}, 1 streams", "Gbit/s", system,
                   result["bytes"] * 8 / result["seconds"] / 1e9)


def send(lab, way, system, seconds, rate=0):
    sink = lab.start_ready("server", lab.tool("udpblast"), "sink",
                           server_of(way, system), PORT, 1)
    result = values(lab.run("client", lab.tool("udpblast"), "send",
                            target(way, system), PORT, SIZE, 1, seconds,
                            rate))
    result.update(values(lab.stop(sink)))
    return result


def datagrams(report, lab):
    for way, system in in_turn(WAYS, MEASURED):
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
    processes = [add_clat(lab, system) for system in WITH_CLAT]
    stream(report, lab, "down")
    stream(report, lab, "up")
    datagrams(report, lab)
    for process in processes:
        lab.stop(process)
