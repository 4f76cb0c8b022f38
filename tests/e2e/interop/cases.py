# SPDX-License-Identifier: GPL-2.0-or-later
"""The client-side cases of the quic-interop-runner: what is fetched how through which network, and
what has to be seen then."""
import collections

import judge

Case = collections.namedtuple("Case", "name sizes scenario steps checks features family h3 seconds "
                              "rebinds")

DEFAULT = "delay=15ms bandwidth=10Mbit queue=25"
KB, MB = 1024, 1024 * 1024


def at_once(asked, **_):
    """Like the others below: a list of words for each call of the client. asked: those of each file."""
    return [flat(asked)]


def with_options(*options):
    return lambda asked, **_: [[*options, *flat(asked)]]


def resumed(*options):
    """The first file, then the others on a second connection that resumes the first."""
    return lambda asked, folder: [["--session", folder / "session", *asked[0]],
                                  ["--session", folder / "session", *options, *flat(asked[1:])]]


def flat(lists):
    return [word for each in lists for word in each]


def case(name, sizes, *checks, scenario=DEFAULT, steps=at_once, features=(), family=4, h3=False,
         seconds=60, rebinds=False):
    return Case(name, sizes, scenario, steps, (*checks, judge.files), frozenset(features), family, h3,
                seconds, rebinds)


ONE = judge.handshakes(1)
PLAIN = (judge.no_retry, ONE, judge.version_1)
SMALL_HELLO = ("--groups", "X25519:P-256")
# A handshake that is stuck for its ServerHello in two datagrams says nothing of the server.
LONG = {"steps": lambda asked, **_: [[*SMALL_HELLO, *each] for each in asked], "seconds": 300}

CASES = [
    case("handshake", [KB], *PLAIN),
    case("transfer", [2 * MB, 3 * MB, 5 * MB], ONE, judge.version_1,
         steps=with_options("--max-data", "256k", "--max-stream-data", "64k")),
    case("longrtt", [KB], *PLAIN, judge.hello_again, scenario=DEFAULT.replace("15ms", "750ms")),
    case("chacha20", [3 * MB], judge.chacha20_only, ONE,
         steps=with_options("--ciphers", "ChaCha20")),
    case("multiplexing", [32] * 1999, ONE, judge.stream_limit),
    case("retry", [10 * KB], judge.token_echoed, ONE, features=["retry"]),
    case("resumption", [5 * KB, 10 * KB], judge.handshakes(2), judge.one_certificate,
         steps=resumed()),
    case("zerortt", [32] * 40, judge.handshakes(2), judge.asked_early,
         # All of the first window is for requests, and what probes for larger datagrams is none.
         steps=resumed("--early-data", "--no-pmtud", *SMALL_HELLO)),
    case("http3", [5 * KB, 10 * KB, 500 * KB], ONE, judge.version_1, h3=True),
    case("blackhole", [10 * MB], ONE, scenario=f"{DEFAULT} blackhole=5s,2s,1"),
    case("keyupdate", [3 * MB], ONE, judge.keys_updated,
         steps=with_options("--key-update-after", "500k")),
    case("ecn", [100 * KB], ONE, judge.ecn_both_ways, steps=with_options("--ecn", "on")),
    case("amplificationlimit", [5 * KB], ONE, judge.amplification_limited, features=["chain"],
         scenario=f"{DEFAULT} drop=client:2-7",
         # A ClientHello in one datagram, so that the server may answer what comes before the gap.
         steps=with_options(*SMALL_HELLO)),
    case("handshakeloss", [KB] * 50, judge.handshakes(50), judge.version_1,
         scenario=f"{DEFAULT} drop-rate=30 drop-burst=3", **LONG),
    case("transferloss", [2 * MB], ONE, scenario=f"{DEFAULT} drop-rate=2 drop-burst=3"),
    case("handshakecorruption", [KB] * 50, judge.handshakes(50), judge.version_1,
         scenario=f"{DEFAULT} corrupt-rate=30 corrupt-burst=3", **LONG),
    case("transfercorruption", [2 * MB], ONE, scenario=f"{DEFAULT} corrupt-rate=2"),
    case("ipv6", [5 * KB, 10 * KB], ONE, judge.version_1, judge.only_ipv6, family=6),
    case("v2", [KB], ONE, judge.version_2, features=["v2"],
         # In one datagram, too, for the server cannot choose before it has all of it.
         steps=with_options("--quic-version", "v1", "--available-versions", "v2,v1", *SMALL_HELLO)),
    case("rebind-port", [10 * MB], ONE, judge.paths_validated,
         scenario=f"{DEFAULT} rebind=1s rebind-every=5s"),
    case("rebind-addr", [10 * MB], ONE, judge.paths_validated, judge.client_addresses,
         scenario=f"{DEFAULT} rebind=1s rebind-every=5s", rebinds=True),
    case("connectionmigration", [2 * MB], ONE, judge.paths_validated, judge.new_ids_where_preferred,
         features=["preferred"], steps=with_options("--preferred-address", "yes")),
]

QUICK = ("handshake", "chacha20", "multiplexing", "retry", "resumption", "zerortt", "http3", "keyupdate",
         "ecn", "amplificationlimit", "ipv6", "v2", "connectionmigration")
"""Those that take a few seconds and nothing but what every machine has."""


def names_of(each):
    """Of its files, so that they are unlike those of other cases; zerortt's are 250 characters."""
    if each.name == "zerortt":
        return [f"{number:03}".ljust(250, "z") for number in range(len(each.sizes))]
    return [f"{each.name}-{number}" for number in range(len(each.sizes))]
