#!/usr/bin/env python3
"""What a program did, by strace(1), that an AppArmor profile does not allow.

    confined.py PROFILE TRACE ...

PROFILE is the output of "apparmor_parser -p": a profile with its includes. Each
access that has no rule is printed once, and the exit status is then 1. Only
what the kernel mediates counts: a call that failed for want of a file, or
stat(2), needs no rule. The rules understood are those of files, capabilities
(which are printed by "confined.py PROFILE", for setpriv(1)) and networks.
"""

import os
import re
import sys

FILE_RULE = re.compile(r'^(?:owner\s+)?("?[/@{][^"\s]*"?)\s+([rwaklmxiuUpPcC]+)$')


def to_regex(glob):
    """An AppArmor glob as a regular expression."""
    out, depth, i = "", 0, 0
    while i < len(glob):
        c = glob[i]
        if glob.startswith("**", i):
            out, i = out + ".*", i + 1
        elif c == "*":
            out += "[^/]*"
        elif c == "?":
            out += "[^/]"
        elif c == "{":
            out, depth = out + "(?:", depth + 1
        elif c == "}":
            out, depth = out + ")", depth - 1
        elif c == "," and depth:
            out += "|"
        elif c == "[":
            end = glob.index("]", i)
            out, i = out + glob[i:end + 1], end
        elif c == "\\":
            out, i = out + re.escape(glob[i + 1]), i + 1
        else:
            out += re.escape(c)
        i += 1
    return out


class Profile:
    def __init__(self, text):
        self.name = re.search(r"^profile (\S+)", text, re.MULTILINE)[1]
        self.variables, self.files = {}, []
        self.capabilities, self.networks = set(), set()
        text = re.sub(r"#.*", "", text)
        for line in re.split(r",\s*\n|\n|(?<=\{)\s*\n", text):
            self.take(" ".join(line.split()).rstrip(","))

    def take(self, line):
        name = re.match(r"(@\{\w+\}) ?\+?= ?(.*)", line)
        if name:
            self.variables.setdefault(name[1], []).extend(name[2].split())
        elif line.startswith("capability "):
            self.capabilities.update(line.split()[1:])
        elif line.startswith("network "):
            self.networks.add(tuple(line.split()[1:]))
        elif rule := FILE_RULE.match(line):
            glob = self.expand(rule[1].strip('"'))
            self.files.append((re.compile(to_regex(glob)), set(rule[2])))

    def expand(self, glob):
        while name := re.search(r"(@\{\w+\})/?", glob):
            values = self.variables.get(name[1], ["*"])
            if name[0].endswith("/"):
                values = [value.rstrip("/") for value in values]
            glob = glob.replace(name[1], "{" + ",".join(values) + "}")
        return glob

    def allows(self, path, wanted):
        has = set()
        for regex, rights in self.files:
            if regex.fullmatch(path):
                has |= rights
        if "w" in has:
            has.add("a")
        return wanted <= has

    def has_network(self, family, kind):
        return any(n in self.networks
                   for n in ((), (family,), (family, kind)))


CALL = re.compile(r"^(\d+) +(?:<\.\.\. )?(\w+)(?: resumed>|\()(.*)$")
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
OF_FD = re.compile(r"\d+<(/[^<>]*)>")
FAMILIES = {"AF_INET": "inet", "AF_INET6": "inet6", "AF_NETLINK": "netlink"}


class Trace:
    """The accesses of traces of "strace -f -y": pairs of a path and its rights,
    and pairs of a family and a type of sockets."""

    def __init__(self, program):
        self.program = program
        self.begun, self.directories = {}, set()
        self.files, self.networks = set(), set()

    def read(self, name):
        """What comes before the program, which is then confined, is that of
        the commands that start it."""
        is_confined = False
        with open(name, errors="replace") as file:
            for line in file:
                if is_confined:
                    self.line(line.rstrip("\n"))
                elif re.search(rf'execve\(".*/{self.program}".* = 0$', line):
                    is_confined = True

    def line(self, line):
        if not (call := CALL.match(line)):
            return
        pid, name, rest = call.groups()
        if rest.endswith("<unfinished ...>"):
            self.begun[pid, name] = rest[:-len("<unfinished ...>")]
            return
        rest = self.begun.pop((pid, name), "") + rest
        args, _, result = rest.rpartition(" = ")
        take = getattr(self, "call_" + name.replace("at2", "at"), None)
        refused = re.match(r"-1 (EACCES|EPERM|EROFS|ECONNREFUSED)", result)
        if take and (refused or not result.startswith("-1")):
            take(args, result)

    def add(self, path, rights):
        self.files.add((path.removesuffix(" (deleted)"),
                        "".join(sorted(rights))))

    @staticmethod
    def path(args, number=0):
        """The path of the argument that is the n-th text, absolute."""
        text = list(TEXT.finditer(args))[number]
        before = OF_FD.findall(args[:text.start()])
        path = os.path.join(before[-1] if before else "/", text[1])
        head, tail = os.path.split(os.path.normpath(path))
        return os.path.join(os.path.realpath(head), tail)

    def call_openat(self, args, result):
        if "O_PATH" in args:
            return
        rights = "" if "O_WRONLY" in args else "r"
        if re.search("O_WRONLY|O_RDWR|O_CREAT", args):
            rights += "w"
        opened = OF_FD.match(result)
        path = opened[1] if opened else self.path(args)
        if "O_DIRECTORY" in args:
            self.directories.add(path)
            path = path.rstrip("/") + "/"
        self.add(path, rights)

    call_open = call_openat

    def call_execve(self, args, result):
        self.add(os.path.realpath(self.path(args)), "rx")

    def call_mmap(self, args, result):
        if "PROT_EXEC" in args and (file := OF_FD.search(args)):
            self.add(file[1], "m")

    def call_flock(self, args, result):
        path = OF_FD.search(args)[1]
        self.add(path + "/" if path in self.directories else path, "k")

    def call_unlink(self, args, result):
        self.add(self.path(args), "w")

    call_unlinkat = call_truncate = call_symlink = call_mknod = call_unlink
    call_chmod = call_fchmodat = call_chown = call_fchownat = call_unlink
    call_lchown = call_unlink

    def call_mkdir(self, args, result):
        self.add(self.path(args) + "/", "w")

    call_mkdirat = call_rmdir = call_mkdir

    def call_rename(self, args, result):
        self.add(self.path(args), "rw")
        self.add(self.path(args, 1), "w")

    call_renameat = call_rename

    def call_bind(self, args, result):
        if 'sun_path="' in args:
            self.add(self.path(args[args.index("sun_path"):]), "w")

    def call_connect(self, args, result):
        if 'sun_path="' in args:
            path = self.path(args[args.index("sun_path"):])
            self.add(os.path.realpath(path), "w")

    def call_socket(self, args, result):
        family, kind = re.split(", ?", args)[:2]
        if family in FAMILIES:
            kind = kind.split("|")[0].removeprefix("SOCK_").lower()
            self.networks.add((FAMILIES[family], kind))


def missing(profile, trace):
    for family, kind in sorted(trace.networks):
        if not profile.has_network(family, kind):
            yield f"network {family} {kind}"
    for path, rights in sorted(trace.files):
        if not profile.allows(path, set(rights)):
            yield f"{path} {rights}"


def main():
    with open(sys.argv[1]) as file:
        profile = Profile(file.read())
    if len(sys.argv) == 2:
        print(",".join(sorted("+" + c for c in profile.capabilities)))
        return 0
    trace = Trace(profile.name)
    for name in sys.argv[2:]:
        trace.read(name)
    if len(trace.files) < 10:
        print(f"only {len(trace.files)} accesses were traced")
        return 1
    lines = list(missing(profile, trace))
    print("\n".join(lines))
    return 1 if lines else 0


sys.exit(main())
