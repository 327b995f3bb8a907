#!/usr/bin/python3
"""Run a command of which the kernel refuses one kind of system call.

    refuse_call.py KIND command ...

netlink: no netlink sockets, as in some containers. bpf-lookup: nothing is read
from maps of BPF, as by an unprivileged user of an old kernel. A seccomp filter
does it; it stays with the process and its children.
"""

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
ALLOW, FAIL = 0x7fff0000, 0x00050000
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
NUMBER, FIRST_ARGUMENT = 0, 16  # in struct seccomp_data
BPF_MAP_LOOKUP_ELEM = 1
# The number of the call for each machine, its first argument, the error.
KINDS = {
    "netlink": ({"x86_64": 41, "aarch64": 198}, socket.AF_NETLINK,
                errno.EAFNOSUPPORT),
    "bpf-lookup": ({"x86_64": 321, "aarch64": 280}, BPF_MAP_LOOKUP_ELEM,
                   errno.EPERM),
}


class Program(ctypes.Structure):
    """struct sock_fprog"""
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def main(kind, command):
    """Enter the filter, become the command."""
    numbers, argument, error = KINDS[kind]
    if platform.machine() not in numbers:
        sys.exit("no number of this system call for this machine")
    code = b"".join(struct.pack("HBBI", *i) for i in (
        (LOAD, 0, 0, NUMBER),
        (JUMP_IF_EQUAL, 0, 3, numbers[platform.machine()]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (JUMP_IF_EQUAL, 0, 1, argument),
        (RETURN, 0, 0, FAIL | error),
        (RETURN, 0, 0, ALLOW)))
    text = ctypes.create_string_buffer(code, len(code))
    program = Program(len(code) // 8, ctypes.addressof(text))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or libc.prctl(
            PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0,
            0) != 0:
        sys.exit(os.strerror(ctypes.get_errno()))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
