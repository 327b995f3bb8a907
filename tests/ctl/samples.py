"""Answers of daemons that never run: what "top" asks for."""

import itertools


class Nat64d:
    """Answers of nat64d, whose counters grow with each request."""

    def __init__(self, warnings=(), reasons=("no-binding", "filtered")):
        self.pid = 1
        self.warnings = list(warnings)
        self.reasons = reasons
        self.counts = itertools.count(1)
        self.answers = {
            "/v1/status": self.status,
            "/v1/counters": self.counters,
            "/v1/subscribers": {"subscribers": [
                {"subscriber": f"2001:db8:0:{i:x}::/64",
                 "external-src-address": f"192.0.2.{i}",
                 "sessions": 3000 - i, "sessions-max": 4000,
                 "bindings": 60, "tcp": 30, "udp": 20, "icmp": 10,
                 "port-limit": 1000} for i in range(1, 41)]}}

    def status(self):
        """GET /v1/status."""
        return {"name": "nat64d", "version": "1.0", "pid": self.pid,
                "uptime": 273000, "since": "2026-11-29T12:00:00Z",
                "sessions": 41203, "sessions-max": 1048576,
                "pool": [{"transport-protocol": p, "bindings": 1,
                          "sessions": 1, "ports": 64512,
                          "ports-free": 56771, "percent": 12}
                         for p in ("tcp", "udp", "icmp")],
                "dropped": {"packets": 1234, "packets-per-second": 0.0},
                "fast-path": {"flows": 3, "packets": 55, "bytes": 888},
                "warnings": self.warnings}

    def counters(self):
        """GET /v1/counters."""
        n = next(self.counts)
        names = [f"ipv{f}-{what}-{way}" for f in "64"
                 for what in ("packets", "bytes") for way in ("in", "out")]
        return {"counters": {name: 1000 * n for name in (
                    *names, "sessions-created", "sessions-expired")},
                "dropped-packets": {reason: 100 * n // (i + 1) for i, reason
                                    in enumerate(self.reasons)}}


class Dns64d:
    """Answers of dns64d, whose counters grow with each request."""

    def __init__(self, warnings=(), state="up"):
        self.pid = 1
        self.warnings = list(warnings)
        self.counts = itertools.count(1)
        self.answers = {
            "/v1/status": self.status,
            "/v1/counters": self.counters,
            "/v1/upstreams": {"upstreams": [
                {"address": f"192.0.2.{i}:53", "state": state,
                 "rtt-us": 1500 * i, "edns": True, "sent": 7 * i,
                 "answered": 6 * i, "lost": 10 - i, "outstanding": 1,
                 "domains": ["."]} for i in (1, 2, 3)]},
            "/v1/clients": {"number": 40, "clients": [
                {"client": f"2001:db8::{i:x}", "queries": 50 - i,
                 "connections": 1} for i in range(1, 41)]}}

    def status(self):
        """GET /v1/status."""
        return {"name": "dns64d", "version": "1.0", "pid": self.pid,
                "uptime": 273000, "since": "2026-11-29T12:00:00Z",
                "workers": 2, "queries": 3, "queries-max": 2000,
                "warnings": self.warnings}

    def counters(self):
        """GET /v1/counters."""
        n = next(self.counts)
        return {"counters": {name: 1000 * n for name in (
            "queries-udp", "queries-tcp", "passed", "synthesised",
            "nxdomain-synth", "ptr", "local", "servfail", "cache-hits",
            "answer-hits", "cache-misses")}}
