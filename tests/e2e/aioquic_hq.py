# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of HTTP/0.9 over QUIC, on aioquic. Prints a line a path: the path, bytes, SHA-256.

usage: aioquic_hq.py PORT PATH...
"""
import asyncio
import hashlib
import ssl
import sys

from aioquic.asyncio import connect
from aioquic.quic.configuration import QuicConfiguration


async def fetch(protocol, path):
    reader, writer = await protocol.create_stream()
    writer.write(f"GET {path}\r\n".encode())
    writer.write_eof()
    content = await reader.read()
    print(path, len(content), hashlib.sha256(content).hexdigest())


async def main(port, paths):
    configuration = QuicConfiguration(alpn_protocols=["hq-interop"], server_name="localhost",
                                      verify_mode=ssl.CERT_NONE)
    async with connect("127.0.0.1", port, configuration=configuration) as protocol:
        await asyncio.gather(*(fetch(protocol, path) for path in paths))


asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
