#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What quiclens serve does on purpose in QUIC, as tshark reads it from the server's own capture."""
import glob
import json
import os
import re
import shutil
import subprocess
import unittest

import origin_support as support
import peers

V2 = "0x6b3343cf"


def gtlsclient():
    """QUICLENS_GTLSCLIENT, else that of the PATH, else what quickstart fetched, else None."""
    named = os.environ.get("QUICLENS_GTLSCLIENT")
    cache = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
    fetched = glob.glob(f"{cache}/quiclens/tools-*/bin/gtlsclient")
    return named or shutil.which("gtlsclient") or next(iter(fetched), None)


class Case(peers.Case):
    """A test with a server that captures itself."""

    def serve(self, *arguments, folder=True, **more):
        self.capture = self.home.path / f"{self.id()}.pcapng"
        files = (self.home.path / "www",) if folder else ()
        return support.Server(self.home, "--cert", self.certificate[0], "--key",
                              self.certificate[1], "--capture", self.capture, *arguments, *files,
                              **more)

    def fetch(self, server, *paths, options=(), name="1m"):
        """quiclens get of one file, which has to arrive whole."""
        done = self.get(*options, *(server.url + path for path in paths or (f"/{name}",)))
        self.assert_done(done)
        if not paths:
            self.assertEqual(done.stdout, self.files[name])
        return done

    def gtls_run(self, server, *options, paths, host="127.0.0.1", port=None,
                 environment=None):
        """ngtcp2's client of these paths: what became of the program, and where the content is.
        Another host and port are those of a relay."""
        program = gtlsclient()
        if program is None:
            raise unittest.SkipTest("gtlsclient is not installed")
        into = self.home.folder(f"gtls-{self.id()}-{len(os.listdir(self.home.path))}")
        done = subprocess.run([program, "--exit-on-all-streams-close", f"--download={into}",
                               *map(str, options), host, str(port or server.port),
                               *(f"https://localhost:{server.port}/{path}" for path in paths)],
                              cwd=into, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=support.TIMEOUT, check=False,
                              env={**os.environ, **(environment or {})})
        return done, into

    def gtls(self, server, *options, names=("1m",), talkative=False, **more):
        """The same of files, which have to arrive whole. What it says."""
        done, into = self.gtls_run(server, *(() if talkative else ("-q",)), *options, paths=names,
                                   **more)
        said = done.stdout.decode(errors="replace")
        self.assertEqual(done.returncode, 0, said[-3000:])
        for name in names:
            self.assertEqual((into / name).read_bytes(), self.files[name], said[-3000:])
        return said

    def gtls_upload(self, server, size, times=1, **more):
        """It sends so much content so often, all at once. The server says what came."""
        upload = self.home.path / f"upload-{size}"
        upload.write_bytes(b"u" * size)
        done, _ = self.gtls_run(server, "-q", "-m", "POST", "-d", upload, paths=["echo"] * times,
                                **more)
        self.assertEqual(done.returncode, 0, done.stdout.decode(errors="replace")[-3000:])
        for _ in range(times):
            self.assertIn(f"POST /echo ({size} bytes) -> 200", server.next_request())

    def wire(self, display_filter, *fields):
        """Of the packets that match: the fields, as lists."""
        columns = [word for field in fields for word in ("-e", field)]
        lines = peers.tshark(self.capture, "-Y", display_filter, "-T", "fields", *columns)
        return [line.split("\t") for line in lines]


class Retry(Case):
    def test_a_client_without_a_token_is_sent_back_once(self):
        with self.serve("--retry") as server:
            self.fetch(server)
        retries = self.wire("quic.long.packet_type == 3", "quic.scid")
        self.assertGreaterEqual(len(retries), 1)
        again = self.wire(f"udp.dstport == {server.port} && quic.long.packet_type == 0 && "
                          "quic.token_length > 0", "quic.dcid", "quic.packet_number")
        self.assertGreaterEqual(len(again), 1)
        self.assertIn(again[0][0].split(",")[0], {scid for scid, in retries})

    def test_without_it_there_is_none(self):
        with self.serve() as server:
            self.fetch(server)
        self.assertEqual(self.wire("quic.long.packet_type == 3", "frame.number"), [])

    @support.proves("--retry", of="serve")
    def test_other_clients_come_again_too(self):
        with self.serve("--retry") as server:
            self.gtls(server)
        self.assertNotEqual(self.wire("quic.long.packet_type == 3", "frame.number"), [])

    def test_a_new_token_spares_the_retry(self):
        with self.serve("--retry") as server:
            token = self.home.path / "token"
            self.gtls(server, f"--token-file={token}")
            self.assertTrue(token.exists())
            before = len(self.wire("quic.long.packet_type == 3", "frame.number"))
            self.gtls(server, f"--token-file={token}")
        self.assertEqual(len(self.wire("quic.long.packet_type == 3", "frame.number")), before)


class Versions(Case):
    def versions(self, port):
        """Of the server's Initial packets."""
        return {version for line in self.wire(f"udp.srcport == {port} && quic.header_form == 1",
                                              "quic.version") for version in line[0].split(",")}

    @support.proves("--quic-version", of="serve")
    def test_version_2_is_negotiated_where_the_client_has_it(self):
        with self.serve("--quic-version", "v2") as server:
            self.gtls(server, "--available-versions=v1,v2")
        self.assertEqual(self.versions(server.port), {V2})
        first = self.wire(f"udp.dstport == {server.port}", "quic.version")[0][0]
        self.assertEqual(first, "0x00000001")

    def test_a_client_of_version_1_only_stays_there(self):
        with self.serve("--quic-version", "v2") as server:
            self.gtls(server)
        self.assertEqual(self.versions(server.port), {"0x00000001"})

    def test_a_client_that_begins_with_version_2_is_understood(self):
        with self.serve() as server:
            self.gtls(server, "--version=v2")
        self.assertEqual(self.versions(server.port), {V2})


class Interop(Case):
    def test_http_0_9_is_spoken_with_the_client(self):
        with self.serve("--alpn", "h3,hq-interop") as server:
            self.fetch(server, options=("--alpn", "hq-interop"), name="5m")
            self.assertEqual(self.get("--alpn", "hq-interop", f"{server.url}/none").returncode, 1)
        chosen = {name for line in self.wire(f"udp.srcport == {server.port} && "
                                             "tls.handshake.extensions_alpn_str",
                                             "tls.handshake.extensions_alpn_str")
                  for name in line[0].split(",")}
        self.assertEqual(chosen, {"hq-interop"})

    def test_an_alpn_name_that_is_not_offered_is_refused(self):
        with self.serve("--alpn", "hq-interop") as server:
            failed = self.get(f"{server.url}/1m")
            self.assert_failed(failed, "no_application_protocol")


class Addresses(Case):
    @support.proves("--listen", of="serve")
    def test_all_addresses_are_served(self):
        with self.serve("--listen", "[::1]:0", "--listen", "127.0.0.2:0") as server:
            self.fetch(server)
            others = re.findall(r"Also at (https://\S+)/", server.rest_of_start())
            self.assertEqual(len(others), 2)
            for url in others:
                done = self.get("--resolve", f"localhost:{url.rsplit(':', 1)[1]}:"
                                f"{'::1' if '[' in url else '127.0.0.2'}",
                                f"https://localhost:{url.rsplit(':', 1)[1]}/1m")
                self.assert_done(done)
                self.assertEqual(done.stdout, self.files["1m"])
        self.assertNotEqual(self.wire("ipv6", "frame.number"), [])
        self.assertNotEqual(self.wire("ip.src == 127.0.0.2", "frame.number"), [])


class ConnectionIds(Case):
    def lengths(self, port):
        return {len(value) // 2 for line in self.wire(
            f"udp.srcport == {port} && quic.header_form == 1", "quic.scid")
            for value in line[0].split(",")}

    @support.proves("--cid-length", of="serve")
    def test_their_length_is_as_told(self):
        for length in (4, 20):
            with self.subTest(length), self.serve("--cid-length", length) as server:
                self.fetch(server, options=("--migrate-after", "200k"))
            self.assertEqual(self.lengths(server.port), {length})

    @support.proves("--zero-length-cid", of="serve")
    def test_without_ids_clients_are_known_by_address(self):
        with self.serve("--zero-length-cid") as server:
            clients = [self.home.start("get", "--cacert", self.certificates.ca, "-o",
                                       self.home.path / f"z{n}", f"{server.url}/5m")
                       for n in range(3)]
            for n, client in enumerate(clients):
                self.assertEqual(client.wait(support.TIMEOUT), 0)
                self.assertEqual((self.home.path / f"z{n}").read_bytes(), self.files["5m"])
            self.gtls(server)
        self.assertEqual(self.lengths(server.port), {0})


class Sessions(Case):
    def twice(self, server):
        """What the client says of its first and of its second connection."""
        options = ("-v", "--session", self.home.path / f"{self.id()}.kept", "--early-data")
        return [self.fetch(server, options=options, name="file-9").stderr.decode()
                for _ in range(2)]

    def test_the_client_comes_back_with_all_that_it_was_given(self):
        with self.serve("--retry") as server:
            first, second = self.twice(server)
        for words in ("Retry: the server wants", "sent a token for later", "sent a ticket"):
            self.assertIn(words, first)
        for words in ("sending a token of an earlier connection", "resuming an earlier session",
                      "the server accepted the early data"):
            self.assertIn(words, second)
        self.assertNotIn("Retry", second)
        self.assertNotEqual(self.early_packets(), [])

    def test_the_client_sends_again_what_was_rejected(self):
        with self.serve("--reject-early-data") as server:
            _, second = self.twice(server)
        self.assertIn("resuming an earlier session", second)
        self.assertIn("rejected the early data", second)

    def sessions(self, server, *options):
        """What ngtcp2's client says of its second connection, which has a ticket."""
        kept = [f"--session-file={self.home.path}/{self.id()}.session",
                f"--tp-file={self.home.path}/{self.id()}.tp"]
        self.gtls(server, *kept)
        return self.gtls(server, *kept, *options, talkative=True)

    def early_packets(self):
        return self.wire("quic.long.packet_type == 1", "frame.number")

    def test_early_data_is_accepted(self):
        with self.serve() as server:
            self.sessions(server)
        self.assertNotEqual(self.early_packets(), [])
        early = self.wire("quic.long.packet_type == 1 && quic.decryption_failed", "frame.number")
        self.assertEqual(early, [], "the server has no secret of early data")

    @support.proves("--reject-early-data", of="serve")
    def test_early_data_is_rejected_and_sent_again(self):
        with self.serve("--reject-early-data") as server:
            said = self.sessions(server)
        self.assertNotEqual(self.early_packets(), [])
        self.assertIn("reject", said.lower())

    def test_tickets_outlive_the_server(self):
        kept = [f"--session-file={self.home.path}/restart.session",
                f"--tp-file={self.home.path}/restart.tp"]
        with self.serve() as server:
            self.gtls(server, *kept)
        with self.serve() as server:
            self.gtls(server, *kept)
        resumed = self.wire("tls.handshake.type == 2", "tls.handshake.extension.type")
        self.assertTrue(any("41" in types[0].split(",") for types in resumed),
                        "no ServerHello with pre_shared_key")


class Capture(Case):
    @support.proves("--capture", of="serve")
    def test_every_connection_is_in_it_and_opens(self):
        with self.serve() as server:
            for _ in range(3):
                self.fetch(server, name="file-9")
        said = self.wire("tls.handshake.type == 1", "udp.srcport")
        self.assertEqual(len({port for port, in said}), 3)
        opened = self.wire(f"udp.srcport == {server.port} && tls.handshake.type == 20",
                           "frame.number")
        self.assertEqual(len(opened), 3, "a Finished of the server's does not open")


class Qlog(Case):
    def records(self, path):
        """JSON text sequences (RFC 7464)."""
        return [json.loads(text) for text in path.read_text(encoding="utf-8").split("\x1e") if text]

    @support.proves("--qlog", of="serve")
    def test_a_file_a_connection_with_its_frames(self):
        folder = self.home.folder("qlogs")
        with self.serve("--qlog", folder) as server:
            for _ in range(2):
                self.fetch(server, name="file-9")
        files = sorted(folder.iterdir())
        self.assertEqual(len(files), 2)
        for path in files:
            self.assertTrue(path.name.endswith("_server.sqlog"), path)
            head, *events = self.records(path)
            self.assertEqual(head["trace"]["vantage_point"]["type"], "server")
            names = {event["name"] for event in events}
            self.assertLessEqual({"connectivity:connection_started", "transport:packet_sent",
                                  "transport:packet_received", "http:frame_created",
                                  "http:frame_parsed"}, names)
            text = json.dumps(events)
            self.assertIn("/file-9", text)
            self.assertIn(":status", text)

    def test_a_move_of_the_client_is_told(self):
        folder = self.home.folder("moves")
        with self.serve("--qlog", folder) as server:
            said = self.fetch(server, options=("-v", "--migrate-after", "200k"),
                              name="5m").stderr.decode()
        (path,) = folder.iterdir()
        told = {"connection_id_updated": [], "migration_state_updated": []}
        for event in self.records(path)[1:]:
            told.get(event["name"].rpartition(":")[2], []).append(event["data"])
        port = int(re.search(r"moved to 127\.0\.0\.1:(\d+)", said)[1])
        states = [data["new"] for data in told["migration_state_updated"]
                  if data["path_remote"]["port_v4"] == port]
        self.assertEqual(list(dict.fromkeys(states)), ["probing_started", "migration_started",
                                                       "probing_successful", "migration_complete"])
        for owner in ("local", "remote"):
            ids = [each for each in told["connection_id_updated"] if each["owner"] == owner]
            self.assertNotEqual(ids, [])
            self.assertEqual([each["old"] for each in ids[1:]], [each["new"] for each in ids[:-1]])

    def test_a_folder_that_cannot_be_written_is_named(self):
        failed = self.home.run("serve", "--listen", "127.0.0.1:0", "--qlog", "/nowhere/q.sqlog")
        self.assertEqual(failed.returncode, 1)
        self.assertIn(b"/nowhere/q.sqlog", failed.stderr)


if __name__ == "__main__":
    peers.main()
