"""A dns64d with a control socket, and its client."""

import json
import subprocess

from lab import PROGRAM, TIMEOUT, Daemon, equal

CTL = PROGRAM.parent / "ctl/dns64ctl"


class Controlled(Daemon):
    """A daemon with a control socket."""

    def __init__(self, *upstreams, workers=1, **how):
        self.workers = workers
        super().__init__(*upstreams, spread=True, **how)

    def statements(self, upstreams, prefix):
        self.socket = f"{self.tmp.name}/sock"
        return super().statements(upstreams, prefix) + [
            f'control "{self.socket}"', f"workers {self.workers}"]

    def run(self, *words):
        """Exit status, output and messages of dns64ctl."""
        done = subprocess.run([CTL, "-s", self.socket, *words],
                              capture_output=True, text=True,
                              timeout=TIMEOUT, check=False)
        return done.returncode, done.stdout, done.stderr

    def ctl(self, *words):
        """Its output; it must succeed."""
        status, out, err = self.run(*words)
        equal((status, err), (0, ""), f"dns64ctl {words}")
        return out

    def json(self, *words):
        """The answer of the daemon."""
        return json.loads(self.ctl("-j", *words))

    def everywhere(self, name, rdtype="A"):
        """Ask from so many ports that every worker has the answer."""
        for _ in range(1 if self.workers == 1 else 40):
            self.ask(name, rdtype)
