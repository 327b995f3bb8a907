#!/usr/bin/env python3
"""The events that a collector has got, one per line, in the same form for all.

usage: collected.py json|syslog FILE
       collected.py tshark FILE DOMAIN	  (of tshark -T json)
       collected.py nfdump FILE		  (of nfdump -o json)
       collected.py fixbuf FILE		  (of ipfixDump)

A line: natevent protocol host hostport address port peer4 peerport peer6 time;
"-" for what there is not. Events of bindings, sessions and addresses only.
"""
import ipaddress
import json
import re
import sys
from datetime import datetime

WANTED = {6, 7, 10, 11, 14, 15}
NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17}
FIELDS = "natevent proto addr6 port6 addr4 port4 peer4 peerport peer6 time"


def show(event):
    if int(event["natevent"]) in WANTED:
        print(*(event.get(key, "-") for key in FIELDS.split()))


def of_words(words):
    """Our own words."""
    words["proto"] = NUMBERS.get(words.get("proto"), "-")
    if "subscriber" in words:
        words["addr6"] = words["subscriber"]
    if words["proto"] == 1 and "peer4" in words:
        words["peerport"] = 0
    return words


def json_events(path):
    for line in open(path):
        yield of_words(json.loads(line))


def syslog_events(path):
    for line in open(path):
        fields = line.split(" ", 6)
        words = dict(re.findall(r' ([a-z0-9-]+)="([^"]*)"', fields[6]))
        words["time"] = fields[1]
        yield of_words(words)


def flows(tree):
    """All "Flow N" of the messages of one domain."""
    if isinstance(tree, list):
        for item in tree:
            yield from flows(item)
    elif isinstance(tree, dict):
        if tree.get("cflow.od_id", sys.argv[3]) != sys.argv[3]:
            return
        for key, item in tree.items():
            if key.startswith("Flow "):
                yield item
            else:
                yield from flows(item)


def tshark_events(path):
    names = {
        "nat_event": "natevent",
        "protocol": "proto",
        "srcaddrv6": "addr6",
        "srcport": "port6",
        "post_natsource_ipv4_address": "addr4",
        "post_naptsource_transport_port": "port4",
        "post_natdestination_ipv4_address": "peer4",
        "dstport": "peerport",
        "dstaddrv6": "peer6",
    }
    for flow in flows(json.load(open(path))):
        event = {
            name: flow["cflow." + key]
            for key, name in names.items()
            if "cflow." + key in flow
        }
        if "cflow.srcmaskv6" in flow:
            event["addr6"] += "/" + flow["cflow.srcmaskv6"]
        # Nov 29, 2026 18:04:48.963000000 UTC
        text = flow["cflow.observation_time_milliseconds"].split(" UTC")[0]
        when = datetime.strptime(text[:-3], "%b %d, %Y %H:%M:%S.%f")
        event["time"] = when.isoformat(timespec="milliseconds") + "Z"
        yield event


def nfdump_events(path):
    names = {
        "nat_event_id": "natevent",
        "proto": "proto",
        "src6_addr": "addr6",
        "src_port": "port6",
        "src4_xlt_ip": "addr4",
        "src_xlt_port": "port4",
    }
    peer = {
        "dst4_xlt_ip": "peer4",
        "dst_port": "peerport",
        "dst6_addr": "peer6",
    }
    for flow in json.load(open(path)):
        if flow.get("dst4_xlt_ip", "0.0.0.0") != "0.0.0.0":
            names_of = dict(names, **peer)
        else:
            names_of = names
        event = {
            name: flow[key] for key, name in names_of.items() if key in flow
        }
        if "src_mask" in flow:
            event["addr6"] += "/%d" % flow["src_mask"]
        # nfdump 1.7.1 writes 5 milliseconds as ".5".
        secs, msecs = flow["t_event"].split(".")
        event["time"] = "%s.%03dZ" % (secs, int(msecs))
        yield event


def fixbuf_events(path):
    names = {
        "natEvent": "natevent",
        "protocolIdentifier": "proto",
        "sourceIPv6Address": "addr6",
        "sourceTransportPort": "port6",
        "postNATSourceIPv4Address": "addr4",
        "postNAPTSourceTransportPort": "port4",
        "postNATDestinationIPv4Address": "peer4",
        "destinationTransportPort": "peerport",
        "destinationIPv6Address": "peer6",
    }
    for record in open(path).read().split("--- data record ")[1:]:
        fields = dict(re.findall(r"\(\d+\) +(\w+) : (.*)", record))
        event = {
            name: fields[key] for key, name in names.items() if key in fields
        }
        for key in {"addr6", "peer6"} & event.keys():
            event[key] = str(ipaddress.ip_address(event[key]))
        if "sourceIPv6PrefixLength" in fields:
            event["addr6"] += "/" + fields["sourceIPv6PrefixLength"]
        time = fields["observationTimeMilliseconds"]
        event["time"] = time.replace(" ", "T") + "Z"
        yield event


source = {
    "json": json_events,
    "syslog": syslog_events,
    "tshark": tshark_events,
    "nfdump": nfdump_events,
    "fixbuf": fixbuf_events,
}
for found in source[sys.argv[1]](sys.argv[2]):
    if "natevent" in found:
        show(found)
