# SPDX-License-Identifier: GPL-2.0-or-later
"""aioquic's example client with what its command line has no option for: content from a file.

    aioquic_upload.py ADDRESS PORT NAME FILE PATH"""
import asyncio
import pathlib
import ssl
import sys

sys.path.insert(0, "/opt/aioquic/examples")

from aioquic.asyncio.client import connect  # noqa: E402
from aioquic.h3.connection import H3_ALPN  # noqa: E402
from aioquic.h3.events import HeadersReceived  # noqa: E402
from aioquic.quic.configuration import QuicConfiguration  # noqa: E402
from http3_client import HttpClient  # noqa: E402


async def main(address, port, name, file, path):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name=name,
                                      verify_mode=ssl.CERT_NONE)
    content = pathlib.Path(file).read_bytes()
    async with connect(address, int(port), configuration=configuration,
                       create_protocol=HttpClient) as client:
        events = await client.post(f"https://{name}:{port}{path}", data=content)
    # Of whatever status, as with the other clients: a server may have no use for it.
    if not any(isinstance(event, HeadersReceived) for event in events):
        sys.exit("the server does not answer")


asyncio.run(main(*sys.argv[1:]))
