"""The lab of the DNS benchmarks: four forwarders with DNS64 between a client
and an authority.

             |-- dns64d  --|
    client --|-- unbound --|-- authority 10.2.0.53
             |-- bind    --|   (NSD; 10.2.0.54 answers nothing for AAAA)
             |-- knot    --|

They share one network namespace, each with an address of its own; all of them
run all the time, only one is asked at a time. Each has one thread (BIND calls
it one worker, and has a second thread for its network), the same prefix, the
same upstream and the same memory for its cache. "echo" (dnsecho.c) answers
each query with itself, to measure the limit of the generator.
"""

import os
import pathlib
import subprocess
import tempfile

from lab import Namespaces, run, until

SYSTEMS = ("dns64d", "unbound", "bind", "knot")
ADDRESS = {system: f"2001:db8:1::{k}"
           for k, system in enumerate((*SYSTEMS, "echo"), 11)}
PREFIX = "2001:db8:64::/96"
AUTHORITY = "10.2.0.53"
HOLE = "10.2.0.54"
ZONE = "bench.example"
HOLE_ZONE = "hole.example"
IPV4 = "198.51.100.10"
SYNTHESISED = "2001:db8:64::c633:640a"

TCP_CLIENTS = 2000
OPEN_FILES = 16384

NSD_CONF = """\
server:
	ip-address: {authority}
	server-count: 1
	rrl-ratelimit: 0
	minimal-responses: yes
	username: ""
	chroot: ""
	zonesdir: "{dir}"
	database: ""
	pidfile: "{dir}/nsd.pid"
	xfrdfile: "{dir}/xfrd.state"
	zonelistfile: "{dir}/zone.list"
	xfrdir: "{dir}"
remote-control:
	control-enable: no
zone:
	name: "{zone}"
	zonefile: "zone"
"""
ZONE_FILE = """\
$ORIGIN {zone}.
$TTL 3600
@	SOA ns hostmaster 1 3600 600 86400 3600
	NS ns
ns	A {authority}
*	A {ipv4}
"""

CONF = {
    "dns64d": """\
listen on {address}
upstream {authority}
upstream {hole} for {hole_zone}
prefix {prefix}
limit cache {cache}
limit tcp-clients {tcp_clients}
limit tcp-per-client {tcp_clients}
user nobody
""",
    "unbound": """\
server:
	interface: {address}
	access-control: ::/0 allow
	num-threads: 1
	module-config: "dns64 iterator"
	dns64-prefix: {prefix}
	msg-cache-size: {half_cache}
	rrset-cache-size: {half_cache}
	incoming-num-tcp: {tcp_clients}
	directory: "{dir}"
	pidfile: "{dir}/pid"
	chroot: ""
	username: ""
	use-syslog: no
remote-control:
	control-enable: no
forward-zone:
	name: "."
	forward-addr: {authority}
forward-zone:
	name: "{hole_zone}"
	forward-addr: {hole}
""",
    "bind": """\
options {{
	directory "{dir}";
	pid-file "{dir}/pid";
	session-keyfile none;
	lock-file none;
	listen-on {{ none; }};
	listen-on-v6 {{ {address}; }};
	allow-query {{ any; }};
	allow-recursion {{ any; }};
	dnssec-validation no;
	dns64 {prefix} {{ clients {{ any; }}; }};
	max-cache-size {cache};
	recursive-clients 10000;
	tcp-clients {tcp_clients};
	tcp-listen-queue {tcp_clients};
	forward only;
	forwarders {{ {authority}; }};
}};
controls {{ }};
zone "{hole_zone}" {{
	type forward;
	forward only;
	forwarders {{ {hole}; }};
}};
""",
    "knot": """\
net.listen('{address}', 53, {{ kind = 'dns' }})
log_level('err')
trust_anchors.remove('.')
modules.unload('priming')
modules.unload('ta_update')
modules.unload('ta_signal_query')
modules.unload('detect_time_skew')
modules.unload('detect_time_jump')
modules.load('policy')
modules.load('dns64')
dns64.config({{ prefix = '{prefix_address}' }})
policy.add(policy.suffix(policy.FORWARD('{hole}'),
    {{ todname('{hole_zone}.') }}))
policy.add(policy.all(policy.FORWARD('{authority}')))
cache.open({cache}, 'lmdb://{dir}')
""",
}
COMMAND = {
    "dns64d": ("{build}/dns64d/dns64d", "-d", "-f", "{conf}"),
    "unbound": ("unbound", "-d", "-c", "{conf}"),
    "bind": ("named", "-g", "-n", "1", "-c", "{conf}"),
    "knot": ("kresd", "-n", "-c", "{conf}", "{dir}"),
}


def process_tree(pid):
    """A process and all that descend from it."""
    yield pid
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from process_tree(int(child))


def cpu_seconds(pid):
    """CPU time of one process, with all of its threads."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid):
    """Bytes of one process; shared pages by its share of them."""
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").open():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no memory of process {pid}")


class DnsLab(Namespaces):
    """The namespaces, the authority and the four systems."""

    def __init__(self, build):
        super().__init__(build)
        self.daemons = {}  # system: Popen
        self.authority = None

    def _build(self):
        for role in ("client", "resolver", "authority"):
            self._add_ns(role)
        self._link("client", "resolver", ["2001:db8:1::2/64"],
                   "resolver", "client",
                   [f"{address}/64" for address in ADDRESS.values()])
        self._link("resolver", "authority", ["10.2.0.1/24"],
                   "authority", "resolver",
                   [f"{AUTHORITY}/24", f"{HOLE}/24"])
        self._start_authority()
        self.start_ready("authority", self.tool("dnsecho"), "hole", HOLE, 53)
        self.daemons["echo"] = self.start_ready(
            "resolver", self.tool("dnsecho"), "echo", ADDRESS["echo"], 53)

    def _start_authority(self):
        (self.dir / "zone").write_text(ZONE_FILE.format(
            zone=ZONE, authority=AUTHORITY, ipv4=IPV4))
        conf = self.dir / "nsd.conf"
        conf.write_text(NSD_CONF.format(authority=AUTHORITY, zone=ZONE,
                                        dir=self.dir))
        self.authority = self._start_daemon("authority", "nsd", "nsd", "-d",
                                            "-c", conf)
        until(lambda: self.dig("authority", AUTHORITY, f"x.{ZONE}", "A") ==
              IPV4, "nsd answers")

    def _start_daemon(self, role, name, *command):
        """Start one that logs to a file of the lab."""
        with (self.dir / f"{name}.log").open("w") as log:
            return self.start(role, *command, stdout=log,
                              stderr=subprocess.STDOUT)

    def start_system(self, system, cache_mbytes):
        """Start a system, and see that it does what is to be measured."""
        home = pathlib.Path(tempfile.mkdtemp(prefix=system, dir=self.dir))
        conf = home / "conf"
        conf.write_text(CONF[system].format(
            dir=home, address=ADDRESS[system], prefix=PREFIX,
            prefix_address=PREFIX.partition("/")[0],
            authority=AUTHORITY, hole=HOLE, hole_zone=HOLE_ZONE,
            cache=cache_mbytes << 20, half_cache=cache_mbytes << 19,
            tcp_clients=TCP_CLIENTS))
        command = [word.format(build=self.build, dir=home, conf=conf)
                   for word in COMMAND[system]]
        self.daemons[system] = self._start_daemon(
            "resolver", system, "prlimit", f"--nofile={OPEN_FILES}",
            *command)
        for kind, expected in (("AAAA", SYNTHESISED), ("A", IPV4)):
            self._check(system, kind, expected)

    def stop_system(self, system):
        process = self.daemons.pop(system)
        process.terminate()
        process.wait(20)
        self.processes.remove(process)

    def _check(self, system, kind, expected):
        def answers():
            return self.dig("client", ADDRESS[system], f"check.{ZONE}",
                            kind) == expected
        try:
            until(answers, f"{system} answers {kind} with {expected}")
        except RuntimeError as error:
            log = (self.dir / f"{system}.log").read_text()[-500:]
            raise RuntimeError(f"{error}; its log:\n{log}") from error

    def source(self, name):
        return pathlib.Path(__file__).parent / name

    def dig(self, role, address, name, kind):
        """What an address answers, on one line; empty if it does not."""
        result = subprocess.run(
            self.command(role, "dig", "+short", "+tries=1", "+time=1",
                         f"@{address}", name, kind),
            capture_output=True, text=True, check=False)
        return result.stdout.strip() if result.returncode == 0 else ""

    def _sum(self, function, system):
        """Over the processes of a system."""
        try:
            return sum(map(function,
                           process_tree(self.daemons[system].pid)))
        except OSError as error:
            raise RuntimeError(f"{system} does not run: {error}") from error

    def cpu_seconds(self, system):
        return self._sum(cpu_seconds, system)

    def memory(self, system):
        return self._sum(memory, system)
