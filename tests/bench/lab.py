"""The lab of the benchmarks: five ways from a client to a server.

            |-- nat64d      --|
            |-- nat64d-user --|
            |-- nat64d-if   --|
    client -+-- tayga       --+- server 198.51.100.10
            |-- nat44       --|
            |                 |
            '---- direct -----'  198.51.100.11

Each way has a gateway in a network namespace of its own, so that what one of
them needs (connection tracking) costs the others nothing. All exist at the
same time, only one carries traffic. nat64d: our daemon, with the fast path
where the kernel allows it. nat64d-user: the same with "fastpath no". nat64d-if:
with "fastpath on" both interfaces, so past the firewall. tayga: TAYGA, which is
stateless, and the kernel's masquerading behind it. nat44: the kernel's
masquerading alone and IPv4 from end to end. direct: no gateway, to find out
what the ends of a flow cost.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

SERVER = "198.51.100.10"
SERVER_DIRECT = "198.51.100.11"
NOBODY = "203.0.113.1"
MANY = "10.1.0.0"  # and all others of its /16: hosts that answer to ping
USER = "nat64d-user"
BETWEEN = "nat64d-if"
SYSTEMS = ("nat64d", USER, BETWEEN, "tayga", "nat44")
# Of nat64d: its statements about the fast path, and the pool.
OURS = {"nat64d": ("fastpath auto", "192.0.2.0/28"),
        USER: ("fastpath no", "192.0.2.16/28"),
        BETWEEN: ("fastpath on client server", "192.0.2.32/28")}


def number_of(system):
    """Which of the ways, from 1 on: a part of addresses."""
    return SYSTEMS.index(system) + 1


def from_client(address, system):
    """An IPv4 address as the client has to name it."""
    if system == "nat44":
        return address
    return f"2001:db8:800{number_of(system)}::{address}"


SERVER_FROM_CLIENT = {s: from_client(SERVER, s) for s in SYSTEMS}

NAT64D_CONF = """\
prefix 2001:db8:800{k}::/96
pool {pool}
{fastpath}
tun nat64 mtu 1500
address 2001:db8:{k}::1
fair-share no
limit binding-sessions 100000
control "{own_dir}/sock"
user nobody
"""
TAYGA_CONF = """\
tun-device nat64
ipv4-addr 192.168.255.1
ipv6-addr 2001:db8:{k}::1
prefix 2001:db8:800{k}::/96
dynamic-pool 192.168.255.0/24
data-dir {data_dir}
"""
NFT_RULES = """\
table ip nat {{
	chain postrouting {{
		type nat hook postrouting priority srcnat;
		ip saddr {source} oifname "server" masquerade
	}}
}}
"""

# The offloads of the client's and the server's interfaces (the same as in
# tests/netns/lib.sh): partial checksums and GSO packets, the default of veth;
# complete checksums, as from a wire; neither of them nor GRO. Only the last
# changes the interfaces of the gateways.
WORLDS = ("", "finished", "plain")

# What network cards are set to, or less.
GRO_WAIT_NS = 50000


def run(*command, **more):
    """Run a command that has to succeed; what it prints."""
    result = subprocess.run(command, capture_output=True, text=True,
                            check=False, **more)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {result.stderr.strip()}"
                           f" {result.stdout.strip()[-300:]}")
    return result.stdout


def until(condition, what, seconds=10):
    """Poll until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"timeout: {what}")
        time.sleep(0.02)


class Namespaces:
    """Namespaces and what runs in them; removed at the end of `with`."""

    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.name = f"bench{os.getpid()}"
        self.dir = None
        self.namespaces = []
        self.processes = []

    def ns(self, role):
        return f"{self.name}-{role}"

    def _build(self):
        """Make what the lab consists of."""
        raise NotImplementedError

    def __enter__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=self.name))
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for namespace in self.namespaces:
            subprocess.run(["ip", "netns", "del", namespace], check=False)
        shutil.rmtree(self.dir, ignore_errors=True)

    def command(self, role, *command):
        """The command line that runs a command in a namespace."""
        return ["ip", "netns", "exec", self.ns(role),
                *[str(word) for word in command]]

    def run(self, role, *command, **more):
        return run(*self.command(role, *command), **more)

    def start(self, role, *command, stdout=subprocess.PIPE,
              stderr=subprocess.DEVNULL):
        """Start a process in a namespace; its output is a pipe."""
        process = subprocess.Popen(self.command(role, *command),
                                   stdout=stdout, stderr=stderr, text=True)
        self.processes.append(process)
        return process

    def start_ready(self, role, *command):
        """Start one that says when it is ready."""
        process = self.start(role, *command)
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"does not start: {command}")
        return process

    def stop(self, process):
        """Ask a process to end; what it printed."""
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=10)
        self.processes.remove(process)
        return output

    def tool(self, name):
        return self.build / "tests/bench" / name

    def ip(self, role, *words):
        run("ip", "-n", self.ns(role), *words)

    def _add_ns(self, role):
        self.namespaces.append(self.ns(role))
        run("ip", "netns", "add", self.ns(role))
        self.ip(role, "link", "set", "lo", "up")
        self.run(role, "sysctl", "-qw",
                 "net.ipv6.conf.default.accept_dad=0",
                 "net.ipv4.ip_forward=1",
                 "net.ipv6.conf.all.forwarding=1",
                 "net.ipv4.ping_group_range=0 2147483647",
                 "net.ipv4.ip_local_port_range=10000 65000")

    def _link(self, a, a_name, a_addresses, b, b_name, b_addresses):
        run("ip", "link", "add", a_name, "netns", self.ns(a), "type",
            "veth", "peer", "name", b_name, "netns", self.ns(b))
        for role, name, addresses in ((a, a_name, a_addresses),
                                      (b, b_name, b_addresses)):
            for address in addresses:
                nodad = ["nodad"] if ":" in address else []
                self.ip(role, "addr", "add", address, "dev", name, *nodad)
            self.ip(role, "link", "set", name, "up")


class Lab(Namespaces):
    """The ways."""

    def __init__(self, build, state_secs=0):
        super().__init__(build)
        self.state_secs = state_secs  # between two saves of ours; 0: none
        self.daemons = {}  # of the systems that have one: Popen

    def _build(self):
        self._add_ns("client")
        self._add_ns("server")
        self.ip("server", "addr", "add", f"{SERVER}/32", "dev", "lo")
        self.ip("server", "route", "add", "local", f"{MANY}/16", "dev", "lo")
        for system in SYSTEMS:
            k = number_of(system)
            self._add_ns(system)
            self._link("client", system,
                       [f"10.0.{k}.10/24", f"2001:db8:{k}::10/64"],
                       system, "client",
                       [f"10.0.{k}.1/24", f"2001:db8:{k}::1/64"])
            self._link("server", system, [f"198.18.{k}.10/24"],
                       system, "server", [f"198.18.{k}.1/24"])
            for servers in (f"{SERVER}/32", f"{MANY}/16"):
                self.ip(system, "route", "add", servers, "via",
                        f"198.18.{k}.10")
        k = number_of("nat44")
        for servers in (f"{SERVER}/32", f"{MANY}/16"):
            self.ip("client", "route", "add", servers, "via", f"10.0.{k}.1")
        self._masquerade("nat44", f"10.0.{k}.0/24")
        self._link("client", "direct", ["10.0.9.10/24"],
                   "server", "direct", ["10.0.9.1/24"])
        self.ip("server", "addr", "add", f"{SERVER_DIRECT}/32", "dev", "lo")
        self.ip("client", "route", "add", f"{SERVER_DIRECT}/32", "via",
                "10.0.9.1")
        for system in OURS:
            self._start_nat64d(system)
        self._start_tayga()
        for system in SYSTEMS:
            until(lambda s=system: self._answers(s), f"{system} works")

    def _answers(self, system):
        return subprocess.run(
            self.command("client", "ping", "-c", "1", "-W", "1",
                         SERVER_FROM_CLIENT[system]),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            check=False).returncode == 0

    def own_dir(self, system):
        """Where a nat64d has its control socket and its state."""
        return self.dir / f"{system}.d"

    def _start_nat64d(self, system):
        fastpath, pool = OURS[system]
        k = number_of(system)
        self.dir.chmod(0o711)
        self.own_dir(system).mkdir()
        shutil.chown(self.own_dir(system), "nobody")
        conf = self.dir / f"{system}.conf"
        conf.write_text(NAT64D_CONF.format(
            k=k, pool=pool, fastpath=fastpath,
            own_dir=self.own_dir(system)) + (
                f'state "{self.own_dir(system)}/state" every'
                f' {self.state_secs}\n' if self.state_secs else ""))
        self.ip("client", "route", "add", f"2001:db8:800{k}::/96", "via",
                f"2001:db8:{k}::1")
        self.ip("server", "route", "add", pool, "via", f"198.18.{k}.1")
        # Packets to it make sessions, although nobody answers.
        self.ip(system, "route", "add", "blackhole", NOBODY)
        with (self.dir / f"{system}.out").open("w") as out, \
                (self.dir / f"{system}.err").open("w") as err:
            self.daemons[system] = self.start(
                system, self.build / "nat64d/nat64d", "-d", "-f", conf,
                stdout=out, stderr=err)

    def fastpath(self):
        """What nat64d has logged of its fast path."""
        log = (self.dir / "nat64d.err").read_text()
        return next((line.partition("fast path: ")[2]
                     for line in log.splitlines() if "fast path: " in line),
                    "none")

    def _start_tayga(self):
        conf = self.dir / "tayga.conf"
        k = number_of("tayga")
        conf.write_text(TAYGA_CONF.format(k=k, data_dir=self.dir))
        self.run("tayga", "tayga", "-c", conf, "--mktun")
        self.ip("tayga", "link", "set", "nat64", "up")
        self.ip("tayga", "route", "add", "192.168.255.0/24", "dev", "nat64")
        self.ip("tayga", "route", "add", f"2001:db8:800{k}::/96", "dev",
                "nat64")
        self.ip("client", "route", "add", f"2001:db8:800{k}::/96", "via",
                f"2001:db8:{k}::1")
        self._masquerade("tayga", "192.168.255.0/24")
        self.daemons["tayga"] = self.start("tayga", "tayga", "-c", conf,
                                           "-d")

    def _masquerade(self, system, source):
        self.run(system, "nft", "-f", "-",
                 input=NFT_RULES.format(source=source))

    def set_gro(self, on):
        """Have all gateways join datagrams that they forward, or not.

        A network card hands over what came since its last interrupt. veth
        has no interrupts and hands over each packet at once, so that there
        is never anything to join; a timeout takes the place of interrupt
        moderation. Segments of TCP come unsegmented from veth anyway.
        """
        state = "on" if on else "off"
        for system in SYSTEMS:
            for link in ("client", "server"):
                self.run(system, "ethtool", "-K", link, "gro", state,
                         "rx-udp-gro-forwarding", state)
                self.run(system, "sh", "-c",
                         f"cd /sys/class/net/{link} &&"
                         f" echo {GRO_WAIT_NS if on else 0}"
                         " >gro_flush_timeout &&"
                         f" echo {2 if on else 0} >napi_defer_hard_irqs")

    def set_world(self, world):
        """Have client and server send as in one of WORLDS."""
        sending = "off" if world else "on"
        joining = "off" if world == "plain" else "on"
        for system in SYSTEMS:
            for role in ("client", "server"):
                self.run(role, "ethtool", "-K", system, "tx", sending,
                         "tso", joining, "gso", joining)
                self.run(system, "ethtool", "-K", role, "tx",
                         "off" if world == "plain" else "on",
                         "tso", joining, "gso", joining)

    def busy_seconds(self):
        """Time that all processors have been busy with anything."""
        with open("/proc/stat", encoding="ascii") as file:
            times = [int(word) for word in file.readline().split()[1:9]]
        idle, iowait, steal = times[3], times[4], times[7]
        return (sum(times) - idle - iowait - steal) / os.sysconf("SC_CLK_TCK")

    def cpu_seconds(self, system):
        """CPU time that the daemon of a system has used, or None."""
        if system not in self.daemons:
            return None
        path = f"/proc/{self.daemons[system].pid}/stat"
        fields = pathlib.Path(path).read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
