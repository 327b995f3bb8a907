"""Steer the clients of a process with several workers to one of them.

The system distributes them by a hash that is not predictable. A filter of one
instruction, attached to the sockets that share an address, replaces it; the
sockets are borrowed from the process, which does not notice.
"""

import ctypes
import errno
import os
import socket
import stat
import struct

SYS_PIDFD_GETFD = 438
SO_ATTACH_REUSEPORT_CBPF = 51
BPF_RET = 6


def borrow(pid):
    """Our own descriptors of all sockets of a process, to be closed."""
    libc = ctypes.CDLL(None, use_errno=True)
    process = os.pidfd_open(pid)
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            own = libc.syscall(SYS_PIDFD_GETFD, process, int(fd), 0)
            if own == -1 and ctypes.get_errno() == errno.EBADF:
                continue  # closed meanwhile
            if own == -1:
                raise OSError(ctypes.get_errno(), "pidfd_getfd")
            if not stat.S_ISSOCK(os.fstat(own).st_mode):
                os.close(own)
                continue
            with socket.socket(fileno=own) as sock:
                yield sock
    finally:
        os.close(process)


def is_listener(sock):
    """Whether clients are shared out to it."""
    return sock.family in (socket.AF_INET, socket.AF_INET6) and \
        sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT) and \
        (sock.type == socket.SOCK_DGRAM or
         sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def steer(pid, worker):
    """All clients go to this worker of a process from now on, from 0."""
    code = ctypes.create_string_buffer(
        struct.pack("@HBBI", BPF_RET, 0, 0, worker))
    program = struct.pack("@HP", 1, ctypes.addressof(code))
    for sock in borrow(pid):
        if is_listener(sock):
            sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF,
                            program)
