#!/usr/bin/env python3
"""A server that sends to each client for ever, at a rate that rises and falls.

    pacer.py ADDRESS PORT BYTES-PER-SECOND
"""

import asyncio
import math
import sys
import time

PAUSE = .05
PERIOD = 40  # seconds


async def serve(_reader, writer):
    """One client."""
    block = bytes(rate)
    try:
        while True:
            wave = 1 + .6 * math.sin(2 * math.pi * time.monotonic() / PERIOD)
            writer.write(block[:int(rate * wave * PAUSE)])
            await writer.drain()
            await asyncio.sleep(PAUSE)
    except ConnectionError:
        pass


async def main():
    """All clients."""
    server = await asyncio.start_server(serve, sys.argv[1], int(sys.argv[2]))
    await server.serve_forever()


rate = int(sys.argv[3])
asyncio.run(main())
