#!/usr/bin/env python3
"""The longest time for which a file that is being written did not grow.

    longest_pause.py FILE PID

Looks until the process has ended, and prints the time in milliseconds and the
size of the file in bytes.
"""
import os
import sys
import time

name, process = sys.argv[1], f"/proc/{sys.argv[2]}/fd"
size, longest, grew = 0, 0.0, None
while os.path.exists(process):
    now = time.monotonic()
    if os.path.exists(name) and os.path.getsize(name) != size:
        size = os.path.getsize(name)
        if grew is not None:
            longest = max(longest, now - grew)
        grew = now
    time.sleep(0.005)
print(round(longest * 1000), os.path.getsize(name))
