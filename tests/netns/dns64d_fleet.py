#!/usr/bin/python3
"""A fleet of translators, and which of them clients get: when one drains,
dies, comes back, joins or leaves.

    clients 127.0.x.y --- dns64d --- FakeUpstream
                            '------- FakeTranslator ...

Needs no root and no network. Prints TAP.
"""

import contextlib
import http.client
import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "dns"))

from lab import case, equal, free_port, main, records, until

import dns.rcode

from controlled import Controlled
from fake_translator import FakePair, FakeTranslator
from fake_upstream import FakeUpstream

CLIENTS = [f"127.0.{i}.1" for i in range(1, 91)]
WAIT = 60


def prefix(number):
    """The prefix of the translator with this number."""
    return f"2001:db8:{number}::"


class Fleet(Controlled):
    """dns64d, and so many translators as it is told of."""

    def __init__(self, up, translators, policy="balance client-hash", **how):
        self.translators = translators
        self.expected = ("up",) * len(translators)
        super().__init__(up, prefix=None,
                         extra=self.statement(translators, policy), **how)

    @staticmethod
    def statement(translators, policy):
        """The configuration of a fleet."""
        return "\n".join(
            [f"prefix {prefix(i)}/96 translator " +
             " ".join(f'"{node.url}"' for node in t.nodes) + " every 1"
             for i, t in enumerate(translators, 1)] + [policy])

    def of(self, client, name="v4.example."):
        """The number of the translator that a client gets."""
        reply = self.ask(name, source=client)
        equal(reply.rcode(), dns.rcode.NOERROR, client)
        found = records(reply, "AAAA")
        equal(len(found), 1, "addresses")
        return int(found[0].split(":")[2])

    def states(self):
        """That of each translator."""
        return tuple(t["state"] for t in self.shown().values())

    def everyone(self):
        """The translator of each client, while no state changes: on a machine
        that stood still, one may have been down for a moment."""
        def all_of_them():
            found = {client: self.of(client) for client in CLIENTS}
            return self.states() == self.expected and found
        return until(all_of_them, self.expected, WAIT)

    def shown(self):
        """What dns64ctl shows, by number."""
        return {i: t for i, t in enumerate(
            self.json("show", "translators")["translators"], 1)}

    def wait_for(self, *states):
        """Until the translators have these states."""
        until(lambda: self.states() == states, states, WAIT)
        self.expected = states

    def reload(self, translators, policy="balance client-hash"):
        """Another fleet, without a new start. Those that come are up."""
        self.expected = (self.expected + ("up",))[:len(translators)]
        self.write(self.statement(translators, policy))
        self.ctl("reload")


@contextlib.contextmanager
def fleet(up, number, policy="balance client-hash", kind=FakeTranslator,
          **how):
    """A fleet that has been asked once."""
    with contextlib.ExitStack() as stack:
        translators = [stack.enter_context(kind()) for _ in range(number)]
        own = stack.enter_context(Fleet(up, translators, policy, **how))
        until(lambda: all(t.polls for t in translators), "polls")
        until(lambda: all(t["sessions-max"] for t in own.shown().values()),
              "answers of the translators")
        yield own


def moved(before, after):
    """The clients that have another translator than before."""
    return {client for client in before if before[client] != after[client]}


def of_translator(everyone, number):
    """The clients of a translator."""
    return {client for client in everyone if everyone[client] == number}


# Shows: DNS64-92
@case("a translator that drains loses its clients, and nobody else moves")
def _(_, up):
    with fleet(up, 4, workers=2) as own:
        before = own.everyone()
        equal(set(before.values()), {1, 2, 3, 4}, "all are in use")
        equal(own.everyone(), before, "a client keeps its translator")
        own.translators[1].up = 0
        own.wait_for("up", "draining", "up", "up")
        # The other worker asks for itself.
        until(lambda: not of_translator(own.everyone(), 2), "drained", WAIT)
        during = own.everyone()
        equal(moved(before, during), of_translator(before, 2), "moved")
        equal(own.shown()[2]["share-percent"], 0, "its share")
        equal([own.shown()[i]["share-percent"] for i in (1, 3, 4)],
              [33, 33, 33], "the others'")
        own.translators[1].up = 1
        own.wait_for("up", "up", "up", "up")
        until(lambda: own.everyone() == before, "afterwards", WAIT)


# Its prefix may be in no answer, although the A record is still cached.
#
# Shows: DNS64-92
@case("no answer has the prefix of a dead translator, cached or not")
def _(_, _up):
    with FakeUpstream() as up:
        up.add("v4.example. 300 A 192.0.2.33")
        with fleet(up, 3) as own:
            before = own.everyone()
            questions = len(up.seen)
            own.translators[2].stop()
            own.wait_for("up", "up", "down")
            during = own.everyone()
            equal(moved(before, during), of_translator(before, 3), "moved")
            equal(len(up.seen), questions, "questions to the upstream")
            own.translators[2].start(own.translators[2].port)
            own.wait_for("up", "up", "up")
            equal(own.everyone(), before, "afterwards")


# Shows: DNS64-92
@case("when all are dead clients keep their prefix and no query fails")
def _(_, up):
    with fleet(up, 3) as own:
        before = own.everyone()
        for translator in own.translators:
            translator.stop()
        own.wait_for("down", "down", "down")
        equal(own.everyone(), before, "prefixes")
        for translator in own.translators:
            translator.start(translator.port)


# Shows: DNS64-92
@case("a reload keeps what clients have: one that joins takes only its own")
def _(_, up):
    with fleet(up, 3) as own, FakeTranslator() as new:
        own.translators[0].up = 0
        own.wait_for("draining", "up", "up")
        before = own.everyone()
        answers = own.shown()[2]["answers"]
        own.reload(own.translators)
        equal(own.shown()[1]["state"], "draining", "after the reload")
        equal(own.shown()[2]["answers"], answers, "counted on")
        equal(own.everyone(), before, "the same fleet")
        own.reload(own.translators + [new])
        after = own.everyone()
        equal(moved(before, after), of_translator(after, 4), "joined")
        own.reload(own.translators)
        equal(own.everyone(), before, "left")


# Shows: DNS64-16
@case("a network has one prefix, and the length of its prefix can be set")
def _(_, up):
    with fleet(up, 4, "balance client-hash\nbalance-prefix4 24") as own:
        for network in range(1, 9):
            equal(len({own.of(f"127.1.{network}.{host}")
                       for host in range(1, 21)}), 1, network)
        own.reload(own.translators,
                   "balance client-hash\nbalance-prefix4 32")
        equal({own.of(f"127.1.1.{host}") for host in range(1, 61)},
              {1, 2, 3, 4}, "each host for itself")


# Shows: DNS64-16
@case("weights give shares, and a change moves clients to or from one only")
def _(_, up):
    with fleet(up, 3) as own:
        before = own.everyone()
        heavy = f"balance client-hash\nweight {prefix(2)}/96 8"
        own.reload(own.translators, heavy)
        after = own.everyone()
        equal(moved(before, after),
              of_translator(after, 2) - of_translator(before, 2), "moved")
        equal([t["share-percent"] for t in own.shown().values()],
              [10, 80, 10], "shares")
        equal([(p["weight"], p["share-percent"])
               for p in own.json("show", "prefixes")["nat64-prefixes"]],
              [(1, 10), (8, 80), (1, 10)], "of the prefixes")
        equal(len(of_translator(after, 2)) > len(CLIENTS) // 2, True, "most")


# Shows: DNS64-92
@case("least-loaded leaves clients where they are while loads are alike")
def _(_, up):
    with fleet(up, 3, "balance least-loaded") as own:
        before = own.everyone()
        equal(set(before.values()), {1, 2, 3}, "all are in use")
        own.translators[0].sessions = 90
        until(lambda: own.shown()[1]["share-percent"] == 0, "load", WAIT)
        during = own.everyone()
        equal(moved(before, during), of_translator(before, 1), "moved")
        own.translators[0].sessions = 0
        until(lambda: own.shown()[1]["share-percent"] == 33, "share", WAIT)
        # The last percent of a load does not count.
        equal(len(moved(before, own.everyone())) <= 2, True, "afterwards")


# Shows: DNS64-14
@case("ttl synth limits the TTL of synthesised records, not of others")
def _(_, _up):
    with FakeUpstream() as up:
        up.add("v4.example. 7200 A 192.0.2.33",
               "both.example. 7200 AAAA 2001:db8:f::1",
               "short.example. 20 A 192.0.2.34")
        with fleet(up, 2, "balance client-hash\nttl synth 30s\n"
                   'local-data "box.example. 900 A 192.0.2.9"') as own:
            for name, ttl in (("v4.example.", 30), ("both.example.", 7200),
                              ("short.example.", 20), ("box.example.", 30)):
                equal(own.ask(name).answer[0].ttl, ttl, name)


# Shows: DNS64-92
@case("the metrics have every translator, its state, load, share, answers")
def _(_, up):
    port = free_port()
    with fleet(up, 3, "balance round-robin\n"
               f"metrics listen on 127.0.0.1 port {port}",
               workers=2) as own:
        own.translators[0].sessions = 50
        own.translators[1].up = 0
        own.translators[2].stop()
        own.wait_for("up", "draining", "down")
        until(lambda: own.shown()[1]["load-percent"] >= 45, "load", WAIT)
        for _ in range(10):
            own.of("127.0.0.1")
        values = metrics(port)

        def of(name):
            return [values[f'dns64d_translator_{name}{{prefix="{prefix(i)}'
                           '/96"}'] for i in (1, 2, 3)]
        equal(of("up"), [1, 0, 0], "up")
        equal(of("draining"), [0, 1, 0], "draining")
        equal(of("share_ratio"), [1, 0, 0], "share")
        equal(0.45 <= of("load_ratio")[0] <= 0.5, True, "load")
        equal(of("answers_total")[0] >= 10, True, "answers")
        equal(of("sessions_max")[:2], [100, 100], "limit")
        equal(of("polls_lost_total")[2] >= 2, True, "lost")
        table = own.ctl("show", "translators")
        equal([line.split()[2] for line in table.splitlines()[1:]],
              ["up", "draining", "down"], table)
        own.translators[2].start(own.translators[2].port)


# --- pairs ---------------------------------------------------------------

def role_is(own, number, state):
    """Wait until the node that does not translate is so."""
    until(lambda: own.shown()[number]["other-state"] == state, state, WAIT)


@case("a fail-over in a pair moves nobody, and the other node counts then")
def _(_, up):
    with fleet(up, 3, kind=FakePair, workers=2) as own:
        first, second = own.translators[1].nodes
        role_is(own, 2, "standby")
        before = own.everyone()
        equal(set(before.values()), {1, 2, 3}, "all are in use")
        polls = len(second.polls)
        first.stop()
        # Both nodes are asked several times, and none translates.
        until(lambda: len(second.polls) >= polls + 6, "polls", WAIT)
        equal(own.shown()[2]["state"], "up", "meanwhile")
        second.up, second.sessions = 1, 10
        until(lambda: own.shown()[2]["url"] == second.url, "taken over", WAIT)
        role_is(own, 2, "lost")
        until(lambda: own.shown()[2]["sessions"] == 10, "sessions", WAIT)
        equal(own.everyone(), before, "afterwards")
        log = own.log()
        equal(f"{prefix(2)}/96: {second.url} translates now" in log, True, log)
        equal(f"{prefix(2)}/96: d" in log, False, log)
        # Nor does it when the node comes back.
        first.up = 0
        first.start(first.port)
        role_is(own, 2, "standby")
        equal(own.everyone(), before, "at last")


@case("a pair drains when the node that translates does")
def _(_, up):
    with fleet(up, 3, kind=FakePair) as own:
        first, second = own.translators[1].nodes
        before = own.everyone()
        second.draining = 1
        role_is(own, 2, "standby")
        equal(own.everyone(), before, "the standby has no word")
        first.draining = 1
        own.wait_for("up", "draining", "up")
        equal(moved(before, own.everyone()), of_translator(before, 2), "moved")
        # A switch under drain: the other one drains as well.
        first.up, second.up = 0, 1
        until(lambda: own.shown()[2]["url"] == second.url, "switched", WAIT)
        equal(own.shown()[2]["state"], "draining", "after the switch")
        second.draining = 0
        own.wait_for("up", "up", "up")
        equal(own.everyone(), before, "afterwards")


@case("a pair is down when neither node answers, and up with either one")
def _(_, up):
    port = free_port()
    policy = ("balance client-hash\n"
              f"metrics listen on 127.0.0.1 port {port}")
    with fleet(up, 3, policy, kind=FakePair) as own:
        name = f'dns64d_translator_nodes{{prefix="{prefix(2)}/96"}}'
        first, second = own.translators[1].nodes
        role_is(own, 2, "standby")
        before = own.everyone()
        equal(metrics(port)[name], 2, "both answer")
        first.stop()
        second.stop()
        own.wait_for("up", "down", "up")
        equal(moved(before, own.everyone()), of_translator(before, 2), "moved")
        equal(metrics(port)[name], 0, "none answers")
        second.start(second.port)
        own.wait_for("up", "draining", "up")
        second.up = 1
        own.wait_for("up", "up", "up")
        equal(own.everyone(), before, "afterwards")
        equal(metrics(port)[name], 1, "one answers")
        own.reload(own.translators, policy)
        equal(own.shown()[2]["url"], second.url, "after a reload")
        table = own.ctl("show", "translators").splitlines()
        equal(table[0].split()[-3:], ["OTHER", "NODE", "IS"], table)
        equal(table[2].split()[-2:], [first.url, "lost"], table)
        first.start(first.port)


def metrics(port):
    """Names with their labels, and values."""
    http_client = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
    http_client.request("GET", "/metrics")
    text = http_client.getresponse().read().decode()
    http_client.close()
    return {name: float(value) for name, value in (
        line.rsplit(" ", 1) for line in text.splitlines()
        if not line.startswith("#"))}


def upstream():
    """The upstream that the cases share."""
    up = FakeUpstream()
    up.add("v4.example. 300 A 192.0.2.33")
    return up


if __name__ == "__main__":
    sys.exit(main(upstream, workers=4))
