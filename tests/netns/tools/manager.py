#!/usr/bin/env python3
"""A service manager as systemd is with Type=notify and NotifyAccess=main.

    manager.py NAME LOG STORE PROGRAM [ARGUMENT ...]

Starts the program with NOTIFY_SOCKET, an abstract socket of that name, and
writes each message to LOG: "PID VARIABLE=value ...". A message is believed only
if the main process has sent it. That is the one that was started, or the one
that MAINPID has named. STORE is FileDescriptorStoreMax: so many descriptors
are kept for the next start. Signals:

    SIGHUP    restart: ends the main process, and starts it again
    SIGTERM   ends it, and itself

When the main process has ended otherwise, it is started again
(Restart=on-failure), unless its status was 0.
"""
import os
import select
import signal
import socket
import struct
import subprocess
import sys


class Manager:
    def __init__(self, name, log, store_max, command):
        self.name = name
        self.log_file = open(log, "w", buffering=1)
        self.store_max = store_max
        self.command = command
        self.store = []  # (name, descriptor)
        self.child = None
        self.main = None
        self.wanted = True  # it is to run
        self.ending = False
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.bind("\0" + name)

    def log(self, text):
        self.log_file.write(text + "\n")

    def environment(self):
        env = dict(os.environ, NOTIFY_SOCKET="@" + self.name)
        if self.store:
            env["LISTEN_FDS"] = str(len(self.store))
            env["LISTEN_FDNAMES"] = ":".join(n for n, _ in self.store)
        return env

    def start(self):
        env = self.environment()
        fds = [fd for _, fd in self.store]
        # LISTEN_PID has to be the number of the process, which a shell knows.
        moves = "".join(f" {3 + i}<&{fd}" for i, fd in enumerate(fds))
        closes = "".join(f" {fd}<&-" for fd in fds)
        script = f'exec "$@"{moves}{closes}'
        if fds:
            script = "LISTEN_PID=$$; export LISTEN_PID; " + script
        self.child = subprocess.Popen(
            ["bash", "-c", script, "sh", *self.command], env=env,
            pass_fds=fds, stdin=subprocess.DEVNULL)
        self.main = self.child.pid
        self.log(f"{self.main} started")

    def runs(self):
        self.child.poll()  # no zombie stays
        try:
            with open(f"/proc/{self.main}/stat") as f:
                return f.read().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError:
            return False

    # An unused number of 64 and more, which "start" can move to 3 and on.
    def keep(self, name, fds):
        import fcntl
        for fd in fds:
            os.set_blocking(fd, os.get_blocking(fd))
            if len(self.store) < self.store_max:
                kept = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 64)
                self.store.append((name, kept))
            os.close(fd)

    def remove(self, name):
        for n, fd in self.store:
            if n == name:
                os.close(fd)
        self.store = [(n, fd) for n, fd in self.store if n != name]

    def receive(self):
        size = struct.calcsize("3i")
        data, parts, _, _ = self.socket.recvmsg(
            4096, socket.CMSG_SPACE(size) + socket.CMSG_SPACE(64 * 4))
        pid, fds = 0, []
        for level, kind, value in parts:
            if kind == socket.SCM_CREDENTIALS:
                pid = struct.unpack("3i", value[:size])[0]
            elif kind == socket.SCM_RIGHTS:
                fds = list(struct.unpack(f"{len(value) // 4}i", value))
        text = data.decode()
        if pid != self.main:
            self.log(f"{pid} refused " + text.replace("\n", " "))
            return
        self.log(f"{pid} " + text.replace("\n", " "))
        self.obey(dict(line.split("=", 1) for line in text.split("\n")), fds)

    def obey(self, message, fds):
        name = message.get("FDNAME", "stored")
        if message.get("FDSTORE") == "1":
            self.keep(name, fds)
        if message.get("FDSTOREREMOVE") == "1":
            self.remove(name)
        if "MAINPID" in message:
            self.main = int(message["MAINPID"])

    # The status of one that was not our child is not known.
    def failed(self):
        return self.child.pid != self.main or self.child.returncode != 0

    def ended(self):
        self.log(f"{self.main} ended")
        again = self.wanted and (self.ending or self.failed())
        self.ending = False
        if again:
            self.start()
        return again

    def end_main(self, wanted):
        self.wanted = wanted
        self.ending = True
        os.kill(self.main, signal.SIGTERM)

    def run(self):
        self.start()
        wake, end = os.pipe2(os.O_NONBLOCK)
        signal.set_wakeup_fd(end)
        signal.signal(signal.SIGHUP, lambda *_: self.end_main(True))
        signal.signal(signal.SIGTERM, lambda *_: self.end_main(False))
        while True:
            # What was sent before the end counts.
            if select.select([self.socket, wake], [], [], 0.02)[0]:
                ready = select.select([self.socket], [], [], 0)[0]
                if ready:
                    self.receive()
                    continue
                os.read(wake, 64)
            if not self.runs() and not self.pending() and not self.ended():
                return

    def pending(self):
        return bool(select.select([self.socket], [], [], 0)[0])


def main(name, log, store_max, *command):
    Manager(name, log, int(store_max), command).run()


main(*sys.argv[1:])
