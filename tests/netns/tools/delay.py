#!/usr/bin/env python3
"""A long way to a server: passes connections on, and each byte later.

    delay.py ADDRESS PORT TO-PORT SECONDS-TO-IT SECONDS-FROM-IT
"""

import asyncio
import sys


async def carry(reader, writer, seconds):
    """Until the end of one direction, which comes as late as all before."""
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue()

    async def deliver():
        while True:
            when, data = await queue.get()
            await asyncio.sleep(when - loop.time())
            if not data:
                break
            writer.write(data)
            await writer.drain()
        writer.close()

    task = asyncio.create_task(deliver())
    try:
        while data := await reader.read(65536):
            queue.put_nowait((loop.time() + seconds, data))
    except ConnectionError:
        pass
    queue.put_nowait((loop.time() + seconds, b""))
    try:
        await task
    except ConnectionError:
        pass


async def serve(reader, writer):
    """One client."""
    try:
        to_reader, to_writer = await asyncio.open_connection(address, to_port)
    except OSError:
        writer.close()
        return
    await asyncio.gather(carry(reader, to_writer, seconds_to),
                         carry(to_reader, writer, seconds_from))


async def main():
    """All clients."""
    server = await asyncio.start_server(serve, address, port)
    await server.serve_forever()


address, port, to_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
seconds_to, seconds_from = float(sys.argv[4]), float(sys.argv[5])
asyncio.run(main())
