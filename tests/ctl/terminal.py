"""A terminal in which a test runs a program, as a person would.

    with Terminal([program, "top"], columns=80, rows=24) as term:
        term.wait_for("sessions")
        term.type("q")
        equal(term.wait(), 0)

The program has a pseudo terminal; what it writes goes to pyte, an emulator of
Linux's console. Nothing here sleeps for a fixed time.
"""

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import time

import pyte

PATIENCE = 60  # seconds, for machines that do many other things


class Terminal:
    """A program in a terminal.

    env: changes of the environment; None removes a variable. stdin: instead
    of the terminal. ignored: names of signals to ignore; others are not, also
    if they are in this process.
    """

    def __init__(self, command, columns=80, rows=24, env=(), stdin=None,
                 ignored=""):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.master, self.slave = pty.openpty()
        os.set_blocking(self.master, False)
        self.set_size(columns, rows)
        self.modes = termios.tcgetattr(self.slave)
        environment = {**os.environ, "TERM": "linux", "LC_ALL": "C.UTF-8"}
        for unwanted in ("COLUMNS", "LINES", "NCURSES_NO_UTF8_ACS"):
            environment.pop(unwanted, None)
        for name, value in dict(env).items():
            environment.pop(name, None)
            if value is not None:
                environment[name] = value
        # These become the program, as the first of a session that has this
        # terminal.
        if stdin is None:
            command = ["setsid", "--ctty", *command]
        signals = [f"--ignore-signal={ignored}"] if ignored else []
        command = ["env", "--default-signal", *signals, *command]
        self.process = subprocess.Popen(
            command, stdin=self.slave if stdin is None else stdin,
            stdout=self.slave, stderr=self.slave, env=environment)

    def set_size(self, columns, rows):
        """What the kernel knows."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        """As a window that is drawn larger: the kernel sends SIGWINCH."""
        self.read()
        self.screen.resize(rows, columns)
        self.set_size(columns, rows)

    def read(self):
        """Take what has been written."""
        with contextlib.suppress(BlockingIOError, OSError):
            while data := os.read(self.master, 65536):
                self.raw += data
                self.stream.feed(data)

    def lines(self):
        """The screen, without blanks at the ends of lines."""
        self.read()
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        """The screen in one text."""
        return "\n".join(self.lines())

    def until(self, condition, what):
        """Poll until a condition holds; returns its value."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.read()
            value = condition()
            if value:
                return value
            time.sleep(0.01)
        raise AssertionError(f"timed out: {what}; screen: "
                             f"{self.text().rstrip()!r}")

    def wait_for(self, text, gone=False):
        """Until the screen has a text, or no longer has it."""
        return self.until(lambda: (text in self.text()) != gone, text)

    def type(self, keys):
        """Press keys."""
        os.write(self.master, keys.encode())

    def signal(self, number):
        """Send a signal to the program."""
        self.process.send_signal(number)

    def wait(self):
        """Until the program has ended. Its status, negative: a signal."""
        self.until(lambda: self.process.poll() is not None, "the end")
        self.read()
        return self.process.returncode

    def is_restored(self):
        """Has the terminal the modes of the beginning?"""
        return termios.tcgetattr(self.slave) == self.modes

    def controls(self):
        """Octets that command a terminal, but those of plain lines."""
        self.read()
        return sorted({b for b in self.raw
                       if (b < 32 or b == 127) and b not in b"\r\n\t"})

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(PATIENCE)
        os.close(self.master)
        os.close(self.slave)
