#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make the captures aioq-*.pcap of connection IDs and paths, with secrets and truth beside them.

usage: aioquic_scenarios.py DIRECTORY [SCENARIO...]

Each scenario is a function; its docstring is what the capture shows. The truth comes from the two
endpoints' own logs (frames, packet numbers, destination IDs) and from the scenario itself, which moved
the client: `changes` are its moves in order, `reasons` why each end switches to another ID, `paths` what
became of each address pair. Not run by any test.
"""
import os
import random
import sys

from aioquic.quic.connection import QuicConnectionId
from aioquic.quic.packet import QuicFrameType

from aioquic_network import HOME, SERVER, Network, text_of

CAFE = ("203.0.113.20", 41000)
TRAIN = ("203.0.113.99", 42000)
MIGRATED, REBOUND = "path.migrated", "path.rebound"


def path(client, cause, validated=True, server=SERVER):
    return {"client": text_of(client), "server": text_of(server), "cause": cause,
            "validated": validated}


def truth(what, changes=(), client=(), server=(), paths=()):
    reasons = {"client": ["handshake", *client]}
    if server is not None:
        reasons["server"] = list(server)
    return {"migration": what, "changes": list(changes), "reasons": reasons,
            "paths": [path(HOME, "initial"), *paths]}


def talk(network, size=3000):
    network.client.get(size)
    network.run(1.5)


def opened(base, **settings):
    network = Network(base, **settings)
    network.open()
    talk(network)
    return network


def move(network, address, size=3000):
    """The client takes another ID and goes on from another address."""
    network.client.quic.change_connection_id()
    network.client.address = address
    talk(network, size)


def probe_path(network, address, spare):
    """The client finds out whether another path works, with an ID that it has not used yet."""
    network.client.probe(address, SERVER, spare.cid)
    network.run(0.015)
    network.server.respond_elsewhere()
    network.run(0.1)


def rotate(base):
    """The client takes another ID of the server's three times, and stays where it is."""
    network = opened(base)
    for _ in range(3):
        network.client.quic.change_connection_id()
        talk(network)
    why = ["voluntary rotation"] * 3
    network.finish(truth(rotate.__doc__, client=why, server=why))


def migrate_twice(base):
    """The client moves to a second address, then to a third; each is probed first."""
    network = opened(base)
    for address in (CAFE, TRAIN):
        probe_path(network, address, network.client.quic._peer_cid_available[0])
        move(network, address)
    why = ["migration"] * 2
    network.finish(truth(migrate_twice.__doc__, [MIGRATED] * 2, why, None,
                         [path(CAFE, "migration"), path(TRAIN, "migration")]))


def migrate_back(base):
    """The client moves to a second address and back to the first."""
    network = opened(base)
    move(network, CAFE)
    move(network, HOME)
    why = ["migration"] * 2
    network.finish(truth(migrate_back.__doc__, [MIGRATED] * 2, why, why,
                         [path(CAFE, "migration")]))


def failed_validation(base):
    """Nothing gets through to the client's second address; it goes back to the first."""
    network = opened(base)
    network.lose = lambda sender, source, destination: destination == CAFE
    move(network, CAFE, 500)
    network.run(1.0)
    move(network, HOME)
    why = ["migration"] * 2
    network.finish(truth(failed_validation.__doc__, [MIGRATED] * 2, why, why,
                         [path(CAFE, "migration", False)]))


def probe(base):
    """The client probes a second path, with an ID of its own, and stays on the first."""
    network = opened(base)
    spare = network.client.quic._peer_cid_available[-1]
    probe_path(network, CAFE, spare)
    talk(network)
    network.finish(truth(probe.__doc__, server=None, paths=[path(CAFE, "probe")]))


def rebind_port(base):
    """A NAT gives the client another port."""
    network = opened(base)
    network.client.address = (HOME[0], 61234)
    talk(network)
    network.finish(truth(rebind_port.__doc__, [REBOUND],
                         paths=[path((HOME[0], 61234), "rebinding")]))


def rebind_address(base):
    """A NAT gives the client another address, and later one more."""
    network = opened(base)
    for address in (CAFE, TRAIN):
        network.client.address = address
        talk(network)
    network.finish(truth(rebind_address.__doc__, [REBOUND] * 2,
                         paths=[path(CAFE, "rebinding"), path(TRAIN, "rebinding")]))


def zero_server(base):
    """The server does without IDs; the client's address changes."""
    network = opened(base, server_id=0)
    network.client.address = CAFE
    talk(network)
    network.finish(truth(zero_server.__doc__, [REBOUND], paths=[path(CAFE, "rebinding")]))


def zero_client(base):
    """The client does without IDs, the server's have 20 bytes; a move, then a rebinding."""
    network = opened(base, client_id=0, server_id=20)
    move(network, CAFE)
    network.client.address = TRAIN
    talk(network)
    network.finish(truth(zero_client.__doc__, [MIGRATED, REBOUND], ["migration"],
                         paths=[path(CAFE, "migration"), path(TRAIN, "rebinding")]))


def stateless_reset(base):
    """The server loses its state; what the client sends then is answered by a stateless reset."""
    network = opened(base)
    token = network.client.quic._peer_cid.stateless_reset_token
    network.server.gone = True
    network.client.get(1000)
    network.run(0.05)
    reset = bytearray(os.urandom(27)) + token
    reset[0] = reset[0] & 0x3F | 0x40
    network.send(network.server, HOME, bytes(reset))
    told = truth(stateless_reset.__doc__) | {"stateless_reset_frame": network.frame}
    told["unanswered"] = [network.client.answers.pop(max(network.client.answers))["path"]]
    network.finish(told)


def retire_prior_to(base):
    """The server issues two IDs with Retire Prior To above all older ones."""
    network = opened(base)
    server = network.server
    first = server.quic._host_cid_seq
    frames = []
    for sequence in (first, first + 1):
        fresh = QuicConnectionId(cid=os.urandom(8), sequence_number=sequence,
                                 stateless_reset_token=os.urandom(16), was_sent=True)
        server.quic._host_cids.append(fresh)
        body = bytes([sequence, first, 8]) + fresh.cid + fresh.stateless_reset_token
        frames.append((QuicFrameType.NEW_CONNECTION_ID, body,
                       {"frame_type": "new_connection_id", "connection_id": fresh.cid.hex(),
                        "sequence_number": sequence, "retire_prior_to": first}))
    server.quic._host_cid_seq += 2
    server.send_alone(frames, network.client.address, server.quic._peer_cid.cid)
    network.run(0.2)
    talk(network)
    network.finish(truth(retire_prior_to.__doc__, client=["Retire Prior To"],
                         server=["voluntary rotation"]))


def keyupdate_migrate(base):
    """The client moves and updates its keys with the same packet."""
    network = opened(base)
    network.client.quic.request_key_update()
    move(network, CAFE)
    network.finish(truth(keyupdate_migrate.__doc__, [MIGRATED], ["migration"], ["migration"],
                         [path(CAFE, "migration")]))


def loss_migrate(base):
    """The client moves while one datagram in twenty is lost."""
    network = opened(base)
    dice = random.Random(7)
    network.lose = lambda sender, source, destination: dice.random() < 0.05
    network.client.get(60000)
    network.run(0.05)
    move(network, CAFE, 60000)
    network.run(3.0)
    network.finish(truth(loss_migrate.__doc__, [MIGRATED], ["migration"], ["migration"],
                         [path(CAFE, "migration")]))


def ipv6_migrate(base):
    """The client moves between two IPv6 addresses."""
    server, home, away = ("2001:db8::1", 4433), ("2001:db8:1::7", 50000), ("2001:db8:2::7", 50001)
    network = opened(base, server=server, home=home)
    move(network, away)
    told = truth(ipv6_migrate.__doc__, [MIGRATED], ["migration"], ["migration"])
    told["paths"] = [path(home, "initial", server=server), path(away, "migration", server=server)]
    network.finish(told)


SCENARIOS = {f.__name__.replace("_", "-"): f for f in (
    rotate, migrate_twice, migrate_back, failed_validation, probe, rebind_port, rebind_address,
    zero_server, zero_client, stateless_reset, retire_prior_to, keyupdate_migrate, loss_migrate,
    ipv6_migrate)}


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for name in sys.argv[2:] or SCENARIOS:
        SCENARIOS[name](os.path.join(sys.argv[1], "aioq-" + name))


if __name__ == "__main__":
    main()
