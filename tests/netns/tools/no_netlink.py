#!/usr/bin/python3
"""Run a command that cannot create netlink sockets, as in some containers.

    no_netlink.py command ...

A seccomp filter answers socket(AF_NETLINK, ...) with EAFNOSUPPORT; it stays
with the process and its children.
"""

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
ALLOW, FAIL = 0x7fff0000, 0x00050000 | errno.EAFNOSUPPORT
SOCKET = {"x86_64": 41, "aarch64": 198}
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
NUMBER, FIRST_ARGUMENT = 0, 16  # in struct seccomp_data


class Program(ctypes.Structure):
    """struct sock_fprog"""
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def main(command):
    """Enter the filter, become the command."""
    if platform.machine() not in SOCKET:
        sys.exit("no number of socket(2) for this machine")
    code = b"".join(struct.pack("HBBI", *i) for i in (
        (LOAD, 0, 0, NUMBER),
        (JUMP_IF_EQUAL, 0, 3, SOCKET[platform.machine()]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (JUMP_IF_EQUAL, 0, 1, socket.AF_NETLINK),
        (RETURN, 0, 0, FAIL),
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
    main(sys.argv[1:])
