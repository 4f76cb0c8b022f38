#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the options about TLS and QUIC change on the wire, with servers that other people wrote."""
import base64
import hashlib
import os
import shutil
import stat
import subprocess
import unittest

import origin_support as support
import peers

INITIAL, EARLY = "quic.long.packet_type == 0", "quic.long.packet_type == 1"
HELLO = "tls.handshake.type == 1"


class Wire(peers.Case):
    kind = peers.Gtlsserver

    def session(self, server, *arguments, names=("file-5",), content=None):
        """One call of quiclens get. Returns its capture and what -v said."""
        capture = self.home.path / f"{self.id()}-{len(os.listdir(self.home.path))}.pcapng"
        done = self.get("-v", "--capture", capture, *arguments,
                        *(f"{server.url}/{name}" for name in names))
        self.assert_done(done)
        self.assertEqual(done.stdout, b"".join(self.files[name] for name in names)
                         if content is None else content)
        return capture, done.stderr.decode()

    def fields(self, capture, shown, *names):
        """The values of the fields in packets that the filter lets pass, a tuple a packet."""
        rows = peers.tshark(capture, "-Y", shown, "-T", "fields",
                            *(word for name in names for word in ("-e", name)))
        return [tuple(row.split("\t")) for row in rows]

    def offered(self, capture, name):
        """A field of the ClientHello."""
        values = [row[0] for row in self.fields(capture, HELLO, name) if row[0]]
        self.assertTrue(values, name)
        return values[0]


class Offers(Wire):
    """What stands in the ClientHello."""

    @support.proves("--ciphers")
    def test_ciphers(self):
        with self.start(self.kind) as server:
            capture, said = self.session(server, "--ciphers", "ChaCha20")
            self.assertIn("TLS 1.3: TLS_CHACHA20_POLY1305_SHA256", said)
            self.assertEqual(self.offered(capture, "tls.handshake.ciphersuite"), "0x1303")
            _, said = self.session(server, "--ciphers", "AES-128-CCM:AES-128-GCM")
            self.assertRegex(said, "TLS 1.3: TLS_AES_128_(CCM|GCM)_SHA256")

    @support.proves("--groups")
    def test_groups(self):
        with self.start(self.kind) as server:
            capture, said = self.session(server, "--groups", "P-384")
            self.assertIn("group secp384r1", said)
            self.assertEqual(self.offered(capture, "tls.handshake.extensions_supported_group"),
                             "0x0018")

    @support.proves("--alpn")
    def test_alpn(self):
        with self.start(self.kind) as server:
            capture, said = self.session(server, "--alpn", "hq-interop,h3")
            self.assertIn("ALPN h3", said)
            self.assertEqual(self.offered(capture, "tls.handshake.extensions_alpn_str"),
                             "hq-interop,h3")
            self.assert_failed(self.get("--alpn", "hq-interop", f"{server.url}/file-5"),
                               'refused the ALPN "hq-interop"', "no_application_protocol")

    @support.proves("--sni")
    def test_sni_names_the_certificate(self):
        certificate = self.certificates.make("other.example", "DNS:other.example")
        with self.start(self.kind, certificate) as server:
            self.assert_failed(self.get(f"{server.url}/file-5"), "it is for other.example")
            capture, _ = self.session(server, "--sni", "other.example")
            self.assertEqual(self.offered(capture, "tls.handshake.extensions_server_name"),
                             "other.example")

    @support.proves("--max-data", "--max-stream-data", "--max-streams", "--window")
    def test_flow_control(self):
        with self.start(self.kind) as server:
            capture, _ = self.session(server, "--max-data", "60k", "--max-stream-data", "30k",
                                      "--max-streams", "7", "--window", "60k", names=["1m"])
            for name, value in (("initial_max_data", 60000),
                                ("initial_max_stream_data_bidi_local", 30000),
                                ("initial_max_stream_data_uni", 30000),
                                ("initial_max_streams_uni", 7)):
                self.assertEqual(self.offered(capture, f"tls.quic.parameter.{name}"), str(value))
            top, granted = 0, 60000
            for source, more, offset, length in self.fields(
                    capture, "quic.md.maximum_data or quic.stream.length", "udp.srcport",
                    "quic.md.maximum_data", "quic.stream.offset", "quic.stream.length"):
                if source != str(server.port) and more:
                    now = max(granted, *map(int, more.split(",")))
                    self.assertLessEqual(now - granted, 60000)
                    granted = now
                elif length and "," not in length:
                    top = max(top, int(offset.split(",")[0] or 0) + int(length))
                    self.assertLessEqual(top, granted)
            self.assertGreater(granted, 900000)

    @support.proves("--max-udp-payload")
    def test_udp_payload(self):
        with self.start(self.kind) as server:
            capture, _ = self.session(server, "--max-udp-payload", "1350", names=["1m"])
            self.assertEqual(self.offered(capture, "tls.quic.parameter.max_udp_payload_size"),
                             "1350")
            sizes = {int(row[0]) - 8 for row in self.fields(capture, "udp", "udp.length")}
            self.assertLessEqual(max(sizes), 1350)

    @support.proves("--no-pmtud")
    def test_no_probes_for_larger_datagrams(self):
        upload = self.home.path / "upload"
        upload.write_bytes(os.urandom(300_000))
        with self.start(self.kind) as server:
            for options, least, most in (((), 1201, 65527), (("--no-pmtud",), 1200, 1200),
                                         (("--no-pmtud", "--max-udp-payload", "1400"), 1400, 1400)):
                capture, _ = self.session(server, *options, "-X", "POST", "--data-binary",
                                          f"@{upload}", content=self.files["file-5"])
                sizes = {int(row[0]) - 8 for row in self.fields(
                    capture, f"udp.dstport == {server.port}", "udp.length")}
                self.assertTrue(least <= max(sizes) <= most, (options, sizes))


class Versions(Wire):
    """Which version of QUIC the packets have."""

    def versions(self, capture, port):
        """Those of the long headers of either side, in the order of their first packets."""
        rows = self.fields(capture, "quic.version", "udp.srcport", "quic.version")
        seen = {True: [], False: []}
        for source, values in rows:
            seen[source == str(port)] += values.split(",")
        return [list(dict.fromkeys(seen[side])) for side in (False, True)]

    @support.proves("--quic-version")
    def test_version_2(self):
        with self.start(self.kind) as server:
            capture, said = self.session(server, "--quic-version", "v2")
            self.assertIn("QUIC version 0x6b3343cf", said)
            self.assertEqual(self.versions(capture, server.port), [["0x6b3343cf"]] * 2)

    @support.proves("--available-versions")
    def test_compatible_negotiation(self):
        with self.start(self.kind, extra=["--preferred-versions=v2,v1"]) as server:
            capture, said = self.session(server, "--quic-version", "v1", "--available-versions",
                                         "v2,v1")
            self.assertIn("completed, QUIC version 0x6b3343cf", said)
            client, answers = self.versions(capture, server.port)
            self.assertEqual(client, ["0x00000001", "0x6b3343cf"])
            # A server may acknowledge what it got before the ClientHello is whole.
            self.assertEqual(answers[-1], "0x6b3343cf")
            _, said = self.session(server, "--quic-version", "v1")
            self.assertIn("completed, QUIC version 0x00000001", said)

    def test_version_negotiation(self):
        with self.start(self.kind, extra=["--preferred-versions=v2,v1"]) as server:
            for more, version in (((), "0x00000001"),
                                  (("--available-versions", "v2,v1"), "0x6b3343cf")):
                capture, said = self.session(server, "--quic-version", "0x1a2a3a4a", *more)
                self.assertIn("Version Negotiation: the server offers", said)
                client, answers = self.versions(capture, server.port)
                self.assertEqual(client, ["0x1a2a3a4a", version])
                self.assertEqual(answers, ["0x00000000", version])

    def test_no_common_version(self):
        with self.start(self.kind, extra=["--preferred-versions=v1"]) as server:
            self.assert_failed(self.get("--quic-version", "0x1a2a3a4a", "--available-versions", "v2",
                                        f"{server.url}/file-5"),
                               "does not support QUIC version 0x1a2a3a4a", "0x00000001")


class Course(Wire):
    """What happens once the connection is there."""

    @support.proves("--key-update-after")
    def test_key_update(self):
        with self.start(self.kind) as server:
            capture, said = self.session(server, "--key-update-after", "300k", names=["5m"])
            self.assertIn("* updating the keys", said)
            phases = [(source == str(server.port), phase) for source, phase in self.fields(
                capture, "quic.key_phase", "udp.srcport", "quic.key_phase")]
            for side in (False, True):
                own = [phase for at, phase in phases if at == side]
                self.assertEqual(list(dict.fromkeys(own)), ["0", "1"],
                                 f"of {len(phases)} packets, server's: {side}; {said}")

    @support.proves("--reprioritize", "--reprioritize-after")
    def test_reprioritize(self):
        with self.start(self.kind) as server:
            capture, said = self.session(server, "--priority", "u=5", "--reprioritize", "1:u=0,i",
                                         "--reprioritize-after", "300k", names=["5m", "1m"])
            self.assertIn("* other priorities: stream 4: u=0,i\n", said)
            self.assertEqual(self.fields(capture, "http3.frame_type == 0xf0700",
                                         "http3.priority_update_element_id",
                                         "http3.priority_update_field_value", "frame.comment"),
                             [("4", "u=0,i", "PRIORITY_UPDATE: stream 4: u=0,i (RFC 9218, 7)")])
            frame = self.fields(capture, "http3.frame_type == 0xf0700", "frame.number")[0][0]
            before = self.fields(capture, f"frame.number < {frame} and quic.stream.length and "
                                 f"udp.srcport == {server.port}", "quic.stream.length")
            self.assertGreater(sum(int(value) for (values,) in before
                                   for value in values.split(",")), 300_000)

    @support.proves("--ecn")
    def test_ecn(self):
        with self.start(self.kind) as server:
            for value, marks in (("on", {"2"}), ("off", {"0"})):
                capture, _ = self.session(server, "--ecn", value, names=["1m"])
                rows = self.fields(capture, f"udp.dstport == {server.port}", "ip.dsfield.ecn")
                self.assertEqual({row[0] for row in rows[:5]}, marks)

    @support.proves("--delay-requests")
    def test_requests_wait(self):
        with self.start(self.kind) as server:
            capture, _ = self.session(server, "--delay-requests", "700ms")
        first = self.fields(capture, "quic.stream.stream_id == 0", "frame.time_relative")[0][0]
        self.assertGreaterEqual(float(first), 0.7)

    @support.proves("--keep-alive")
    def test_keep_alive(self):
        with self.start(self.kind) as server:
            os.kill(server.process.pid, 0)
            fifo = self.home.path / "fifo"
            os.mkfifo(fifo)
            capture = self.home.path / "alive.pcapng"
            client = self.home.start("get", "--cacert", self.certificates.ca, "--capture", capture,
                                     "--keep-alive", "200ms", "--no-pmtud", "-X", "POST", "-T", fifo,
                                     f"{server.url}/file-5", stdout=subprocess.DEVNULL)
            with open(fifo, "wb") as content:
                try:
                    client.wait(1.2)
                except subprocess.TimeoutExpired:
                    pass
                content.write(b"x")
            self.assertEqual(client.wait(peers.TIMEOUT), 0)
            pings = self.fields(capture, f"quic.frame_type == 1 and udp.dstport == {server.port} "
                                "and quic.header_form == 0", "frame.number")
            self.assertGreaterEqual(len(pings), 2)

    def test_congestion_control_and_first_rtt(self):
        with self.start(self.kind) as server:
            for name in ("reno", "cubic", "bbr"):
                self.session(server, "--cc", name, "--initial-rtt", "20ms", names=["1m"])

    def test_the_handshake_has_its_time(self):
        with self.start(self.kind) as server:
            os.kill(server.process.pid, 19)
            self.assert_failed(self.get("--handshake-timeout", "300ms", f"{server.url}/file-5"),
                               "did not complete the handshake within 0.3 s",
                               "--handshake-timeout TIME waits longer")


class Sessions:
    """Tickets, early data and tokens, with each server."""

    def run_with(self, server, name, *more, names=("file-5",)):
        return self.session(server, "--session", self.home.path / name, *more, names=names)

    @support.proves("--session")
    def test_the_second_connection_resumes_the_first(self):
        with self.start(self.kind) as server:
            name = f"resumed-{self.kind.__name__}"
            capture, said = self.run_with(server, name)
            self.assertIn("* the server sent a ticket", said)
            self.assertTrue(self.fields(capture, "tls.handshake.type == 11", "frame.number"))
            self.assertEqual(stat.S_IMODE((self.home.path / name).stat().st_mode), 0o600)
            capture, said = self.run_with(server, name)
            self.assertIn(", resumed", said)
            self.assertFalse(self.fields(capture, "tls.handshake.type == 11", "frame.number"))
            self.assertFalse(self.fields(capture, EARLY, "frame.number"))

    @support.proves("--early-data")
    def test_requests_go_out_before_the_handshake_is_done(self):
        many = [f"file-{i}" for i in range(1, 41)]
        with self.start(self.kind) as server:
            name = f"early-{self.kind.__name__}"
            self.run_with(server, name)
            capture, said = self.run_with(server, name, "--early-data", names=many)
            self.assertIn("* the server accepted the early data", said)
            early = self.fields(capture, EARLY, "frame.number", "udp.srcport")
            self.assertTrue(early)
            first = self.fields(capture, f"udp.srcport == {server.port}", "frame.number")[0][0]
            self.assertLess(int(early[0][0]), int(first))

    def test_rejected_early_data_is_sent_again(self):
        many = [f"file-{i}" for i in range(1, 41)]
        name = f"rejected-{self.kind.__name__}"
        path = self.home.path / name
        with self.start(self.kind) as server:
            self.run_with(server, name)
            old = server.port
        with self.start(self.kind) as server:
            # Another server, which does not know the ticket.
            path.write_text(path.read_text(encoding="ascii").replace(f":{old}", f":{server.port}"),
                            encoding="ascii")
            capture, said = self.run_with(server, name, "--early-data", names=many)
            self.assertIn("* the server rejected the early data", said)
            self.assertTrue(self.fields(capture, EARLY, "frame.number"))

    def test_content_waits_for_the_end_of_the_handshake(self):
        with self.start(self.kind) as server:
            name = f"content-{self.kind.__name__}"
            self.run_with(server, name)
            done = self.get("-v", "--session", self.home.path / name, "--early-data", "-d", "a=1",
                            f"{server.url}/file-5")
            said = done.stderr.decode()
            self.assertLess(said.index("* handshake completed"), said.index("> POST"))

    def test_a_token_goes_into_the_next_first_packet(self):
        with self.start(self.kind) as server:
            name = f"token-{self.kind.__name__}"
            _, said = self.run_with(server, name)
            self.assertIn("* the server sent a token", said)
            capture, _ = self.run_with(server, name)
            token = self.fields(capture, INITIAL, "quic.token")[0][0].replace(":", "")
            self.assertNotEqual(token, "")


class SessionsWithGtlsserver(Sessions, Wire):
    def test_a_token_saves_the_retry(self):
        retry = "quic.long.packet_type == 3"
        with self.start(self.kind, extra=["-V"]) as server:
            capture, _ = self.run_with(server, "retry")
            self.assertTrue(self.fields(capture, retry, "frame.number"))
            capture, _ = self.run_with(server, "retry")
            self.assertFalse(self.fields(capture, retry, "frame.number"))

    def test_who_was_not_verified_is_not_trusted_later(self):
        with self.start(self.kind) as server:
            path = self.home.path / "unverified"
            self.assert_done(self.home.run("get", "-k", "--session", path, f"{server.url}/file-5"))
            self.assert_failed(self.home.run("get", "--session", path, f"{server.url}/file-5"),
                               "was rejected")

    def test_a_damaged_file_is_told(self):
        path = self.home.path / "damaged"
        path.write_text("[quiclens]\nsessions=1\n[a]\nticket=\n", encoding="ascii")
        self.assert_failed(self.get("--session", path, "https://localhost:1/"), "session file")


class SessionsWithCaddy(Sessions, Wire):
    kind = peers.Caddy


class Certificates(Wire):
    """Whom the client trusts, and who it is."""

    def pin(self):
        key = subprocess.run(["openssl", "x509", "-in", self.certificate[0], "-noout", "-pubkey"],
                             check=True, stdout=subprocess.PIPE, timeout=peers.TIMEOUT).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key, check=True,
                             stdout=subprocess.PIPE, timeout=peers.TIMEOUT).stdout
        return "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()

    def test_a_pinned_key(self):
        other = "sha256//" + base64.b64encode(bytes(32)).decode()
        with self.start(self.kind) as server:
            self.session(server, "--pinnedpubkey", f"{other};{self.pin()}")
            for more in ((), ("-k",)):
                self.assert_failed(self.get(*more, "--pinnedpubkey", other, f"{server.url}/file-5"),
                                   "public key", "--pinnedpubkey")

    def test_a_folder_of_certificates(self):
        folder = self.home.folder("ca-folder")
        shutil.copy(self.certificates.ca, folder)
        with self.start(self.kind) as server:
            arguments = ("get", "--capath", folder, f"{server.url}/file-5")
            self.assert_failed(self.home.run(*arguments), "was rejected")
            subprocess.run(["openssl", "rehash", folder], check=True, timeout=peers.TIMEOUT)
            self.assert_done(self.home.run(*arguments))

    @support.proves("--cert", "--key")
    def test_a_certificate_of_the_client(self):
        own, key = self.certificates.make("client")
        both = self.home.path / "both.pem"
        both.write_bytes(own.read_bytes() + key.read_bytes())
        with self.start(self.kind, extra=["--verify-client"]) as server:
            for arguments in (("--cert", own, "--key", key), ("-E", both)):
                capture, _ = self.session(server, *arguments)
                lengths = [int(row[0].split(",")[0]) for row in self.fields(
                    capture, f"tls.handshake.type == 11 and udp.dstport == {server.port}",
                    "tls.handshake.certificates_length")]
                self.assertEqual([length > 0 for length in lengths], [True])
            self.assert_failed(self.get("--cert", own, f"{server.url}/file-5"), "--key")


if __name__ == "__main__":
    peers.main()
