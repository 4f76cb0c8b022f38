# SPDX-License-Identifier: GPL-2.0-or-later
"""A client that is not ours, to tell whose fault it is that a case fails with a server: ngtcp2's
gtlsclient, over HTTP/3. It takes what needs no option of ours."""
import os
import pathlib

import cases
import network
import servers

NAME = "gtlsclient"


def program():
    """Beside the server of the same package."""
    server = servers.Gtlsserver.program()
    found = pathlib.Path(server).with_name(NAME) if server else None
    return found if found and found.exists() else None


def takes(case):
    return case.steps is cases.at_once


def command(case, folder, names):
    """Words and environment of one call that fetches all of them."""
    asked = [f"https://{network.HOST}:{network.PORT}/{name}" for name in names]
    words = [program(), "-q", "--no-quic-dump", "--no-http-dump", "--exit-on-all-streams-close",
             "--timeout", f"{case.seconds}s", "--download", folder / "downloads", "--nstreams",
             len(names), "--sni", network.HOST, network.RELAY[case.family], network.PORT, *asked]
    return words, {**os.environ, "SSLKEYLOGFILE": str(folder / "keys.log")}
