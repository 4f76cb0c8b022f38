# SPDX-License-Identifier: GPL-2.0-or-later
"""aioquic's own example server, with what its command line has no option for: which versions it
prefers, how long it keeps a silent connection, and a folder of files.

    aioquic_server.py ADDRESS PORT CERTIFICATE KEY FOLDER IDLE_SECONDS [retry] [v2] ..."""
import asyncio
import pathlib
import sys

sys.path.insert(0, "/opt/aioquic/examples")

import http3_server  # noqa: E402
from aioquic.asyncio import serve  # noqa: E402
from aioquic.h0.connection import H0_ALPN  # noqa: E402
from aioquic.h3.connection import H3_ALPN  # noqa: E402
from aioquic.quic.configuration import QuicConfiguration  # noqa: E402
from aioquic.quic.packet import QuicProtocolVersion  # noqa: E402

PIECE = 256 * 1024


def files_of(folder):
    """An ASGI application: GET gives a file, whatever else is read and answered."""
    async def application(scope, receive, send):
        if scope["type"] != "http":
            return
        received = 0
        while True:
            message = await receive()
            received += len(message.get("body", b""))
            if not message.get("more_body"):
                break
        path = folder / scope["path"].lstrip("/")
        known = scope["method"] != "GET" or path.is_file()
        content = path.read_bytes() if scope["method"] == "GET" and known else \
            str(received).encode()
        await send({"type": "http.response.start", "status": 200 if known else 404,
                    "headers": [(b"content-length", str(len(content)).encode())]})
        for at in range(0, len(content), PIECE):
            await send({"type": "http.response.body", "body": content[at:at + PIECE],
                        "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    return application


async def main(address, port, certificate, key, folder, idle, *features):
    http3_server.application = files_of(pathlib.Path(folder))
    versions = [QuicProtocolVersion.VERSION_1, QuicProtocolVersion.VERSION_2]
    configuration = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN + H0_ALPN,
                                      idle_timeout=float(idle))
    configuration.supported_versions = versions[::-1] if "v2" in features else versions
    configuration.load_cert_chain(certificate, key)
    tickets = http3_server.SessionTicketStore()
    await serve(address, int(port), configuration=configuration,
                create_protocol=http3_server.HttpServerProtocol, retry="retry" in features,
                session_ticket_fetcher=tickets.pop, session_ticket_handler=tickets.add)
    await asyncio.Future()


asyncio.run(main(*sys.argv[1:]))
