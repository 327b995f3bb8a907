#!/usr/bin/python3
"""Read a manifest of Kubernetes, for the tests of etc/kubernetes.

	manifest.py check FILE		print what does not fit together
	manifest.py data FILE		the file that its ConfigMap holds
	manifest.py args FILE NAME	the arguments of a container, one in a line
	manifest.py script FILE NAME	the script of a container
	manifest.py caps FILE NAME	its capabilities, as setpriv(1) wants them
	manifest.py probes FILE NAME	port and path of its probes
"""
import sys

import yaml


class Manifest:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.objects = list(yaml.safe_load_all(f))
        self.path = path

    def kind(self, *kinds):
        return next(o for o in self.objects if o["kind"] in kinds)

    def configuration(self):
        return next(iter(self.kind("ConfigMap")["data"].items()))

    def workload(self):
        return self.kind("DaemonSet", "Deployment")

    def pod(self):
        return self.workload()["spec"]["template"]["spec"]

    def container(self, name):
        return next(c for c in self.pod()["containers"] if c["name"] == name)

    def probes(self, container):
        for name in ("startupProbe", "readinessProbe", "livenessProbe"):
            if name in container:
                yield container[name]["httpGet"]


def check_selectors(m):
    workload = m.workload()["spec"]
    labels = workload["template"]["metadata"]["labels"]
    if workload["selector"]["matchLabels"] != labels:
        yield "the selector is not that of the pods"
    for service in (o for o in m.objects if o["kind"] == "Service"):
        if service["spec"]["selector"] != labels:
            yield "the service selects other pods"
    for o in m.objects:
        if o["kind"] != "Namespace" and o["metadata"]["namespace"] != "ecdysis":
            yield f"{o['kind']} is in another namespace"


def check_mounts(m):
    volumes = {v["name"]: v for v in m.pod()["volumes"]}
    name, _ = m.configuration()
    configmap = m.kind("ConfigMap")["metadata"]["name"]
    if volumes["configuration"]["configMap"]["name"] != configmap:
        yield "the volume is of another ConfigMap"
    for c in m.pod()["containers"]:
        mounts = {v["name"]: v["mountPath"] for v in c["volumeMounts"]}
        for volume in set(mounts) - set(volumes):
            yield f"{c['name']}: no volume {volume}"
        path = f"{mounts['configuration']}/{name}"
        if path not in " ".join(c.get("args", []) + c.get("command", [])):
            yield f"{c['name']}: does not read {path}"
        if any("subPath" in v for v in c["volumeMounts"]):
            yield f"{c['name']}: subPath, so a changed ConfigMap never arrives"


def check_ports(m):
    _, text = m.configuration()
    for c in m.pod()["containers"]:
        for probe in m.probes(c):
            if not any(line.startswith("metrics listen on ")
                       and line.endswith(f" port {probe['port']}")
                       for line in text.splitlines()):
                yield f"{c['name']}: no metrics at port {probe['port']}"
        for port in c.get("ports", []):
            if f" port {port['containerPort']}\n" not in text:
                yield f"{c['name']}: does not listen on {port}"


def check_rights(m):
    if m.pod()["securityContext"]["runAsUser"] != 65534:
        yield "not the user of the image"
    for c in m.pod()["containers"]:
        context = c["securityContext"]
        if context["capabilities"]["drop"] != ["ALL"]:
            yield f"{c['name']}: has more capabilities than are named"
        if not context["readOnlyRootFilesystem"]:
            yield f"{c['name']}: may write"


def main():
    what, m = sys.argv[1], Manifest(sys.argv[2])
    if what == "check":
        for check in (check_selectors, check_mounts, check_ports, check_rights):
            for problem in check(m):
                print(problem)
        return
    if what == "data":
        print(m.configuration()[1], end="")
        return
    c = m.container(sys.argv[3])
    if what == "args":
        print(*c["args"], sep="\n")
    elif what == "script":
        print(c["command"][-1], end="")
    elif what == "caps":
        added = c["securityContext"]["capabilities"].get("add", [])
        print(",".join(["-all"] + [f"+{name.lower()}" for name in added]))
    elif what == "probes":
        for probe in m.probes(c):
            print(probe["port"], probe["path"])


main()
