#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quiclens get where something goes wrong: one sentence that names it, and the right status."""
import signal
import socket
import subprocess
import threading
import time

import origin_support as support
import peers


class Responder:
    """A UDP socket on the loopback that answers each datagram by what answer returns, or not."""

    def __init__(self, answer):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.url = f"https://localhost:{self.socket.getsockname()[1]}/"
        self.answer = answer
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            data, sender = self.socket.recvfrom(65536)
            if data == b"end":
                return
            reply = self.answer(data)
            if reply is not None:
                self.socket.sendto(reply, sender)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.sendto(b"end", self.socket.getsockname())
        self.thread.join()
        self.socket.close()


def version_negotiation(initial):
    """RFC 9000, 17.2.1: both connection IDs come back, crosswise."""
    dcid_end = 6 + initial[5]
    dcid = initial[5:dcid_end]
    scid = initial[dcid_end:dcid_end + 1 + initial[dcid_end]]
    return b"\xc0\0\0\0\0" + scid + dcid + bytes.fromhex("6b3343cf" "1a2a3a4a")


class Connecting(peers.Case):
    def test_a_name_that_is_not_found(self):
        self.assert_failed(self.get("https://no-such-host.invalid/"), "no-such-host.invalid",
                           "--resolve")

    def test_nobody_listens(self):
        port = peers.free_port()
        start = time.monotonic()
        failed = self.get(f"https://localhost:{port}/a", f"https://localhost:{port}/b")
        self.assert_failed(failed, f"localhost:{port}", f"127.0.0.1:{port}", "no program listens")
        self.assertLess(time.monotonic() - start, 3)

    def test_nobody_answers(self):
        with Responder(lambda _: None) as mute:
            failed = self.get("--connect-timeout", "0.7", mute.url)
            self.assert_failed(failed, "did not complete the handshake within 0.7 s",
                               "--connect-timeout")

    def test_the_version_is_not_supported(self):
        with Responder(version_negotiation) as other:
            self.assert_failed(self.get(other.url), "does not support QUIC version 1",
                               "0x6b3343cf, 0x1a2a3a4a")


class Certificates(peers.Case):
    def rejected(self, certificate, *arguments, host="localhost"):
        with self.start(peers.Caddy, certificate) as server:
            return self.home.run("get", *arguments, "--resolve",
                                 f"{host}:{server.port}:127.0.0.1",
                                 f"https://{host}:{server.port}/file-1")

    def test_an_unknown_authority(self):
        failed = self.rejected(self.certificate)
        self.assert_failed(failed, "certificate of localhost", "its issuer, CN = Test authority, "
                           "is not trusted", "--cacert", "-k")

    def test_another_name(self):
        failed = self.rejected(self.certificate, "--cacert", self.certificates.ca,
                               host="other.example")
        self.assert_failed(failed, "it is for localhost, 127.0.0.1", "not for other.example")

    def test_expired_and_not_yet_valid(self):
        old = self.certificates.make("old", start=-3, end=-1)
        new = self.certificates.make("new", start=1, end=3)
        trust = "--cacert", self.certificates.ca
        self.assert_failed(self.rejected(old, *trust), "it expired on 20", "GMT")
        self.assert_failed(self.rejected(new, *trust), "it is not valid before 20")

    def test_self_signed(self):
        self.certificates.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                                  "-subj", "/CN=localhost", "-addext",
                                  "subjectAltName=DNS:localhost", "-keyout", "self.key", "-out",
                                  "self.pem")
        files = self.certificates.folder / "self.pem", self.certificates.folder / "self.key"
        self.assert_failed(self.rejected(files), "it is self-signed")
        self.assert_done(self.rejected(files, "-k"))
        self.assert_done(self.rejected(files, "--cacert", files[0]))
        self.assert_done(self.home.run("get", "-k", "--help"))

    def test_the_environment_names_whom_to_trust(self):
        with self.start(peers.Caddy) as server:
            done = self.home.run("get", f"{server.url}/file-1",
                                 environment={"SSL_CERT_FILE": str(self.certificates.ca)})
            self.assert_done(done)
            self.assertEqual(done.stdout, self.files["file-1"])

    def test_files_that_hold_no_certificates(self):
        failed = self.home.run("get", "--cacert", "/dev/null", "https://localhost/")
        self.assert_failed(failed, "/dev/null", "--cacert")


class MidTransfer(peers.Case):
    """The server serves 5 MB thrice to a reader that stops after the first bytes."""

    def broken(self, kind, act, *arguments):
        with self.start(kind) as server:
            into = self.home.folder(f"broken-{time.monotonic_ns()}")
            process = self.home.start(
                "get", "--cacert", self.certificates.ca, *arguments, "-o", into / "small", "-o",
                "-", f"{server.url}/file-9", f"{server.url}/5m", stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, bufsize=0)
            first = process.stdout.read(1000)
            time.sleep(0.3)
            act(server.process)
            rest, err = process.communicate(timeout=peers.TIMEOUT)
            content = self.files["5m"]
            self.assertEqual(first + rest, content[:len(first) + len(rest)], "bytes were lost")
            self.assertLess(len(first) + len(rest), len(content))
            self.assertEqual((into / "small").read_bytes(), self.files["file-9"])
            return subprocess.CompletedProcess([], process.returncode, b"", err)

    def test_the_server_is_killed(self):
        failed = self.broken(peers.Caddy, lambda server: server.kill())
        self.assert_failed(failed, "no program listens", "any more")

    def test_the_server_hangs(self):
        failed = self.broken(peers.Caddy, lambda server: server.send_signal(signal.SIGSTOP),
                             "--idle-timeout", "1.5")
        self.assert_failed(failed, "for 1.5 s (idle timeout)")

    def test_the_time_is_over(self):
        failed = self.broken(peers.Gtlsserver, lambda server: server.send_signal(signal.SIGSTOP),
                             "--max-time", "1.5")
        self.assert_failed(failed, "--max-time")

    def test_the_server_breaks_a_response_off(self):
        with peers.Backend() as backend, self.start(peers.Caddy, backend=backend.port) as server:
            failed = self.get(f"{server.url}/backend/break", "-o", self.home.path / "good",
                              f"{server.url}/file-7", "-o", "-")
            self.assertEqual((self.home.path / "good").read_bytes(), b"x" * 5000)
            self.assert_failed(failed, "/backend/break: the server ")
            # caddy 2.6 ends the stream, later ones reset it
            self.assertRegex(failed.stderr.decode(),
                             "ended the response after 5000 of 1000000 bytes|reset the stream")
            self.assertEqual(failed.stdout, self.files["file-7"])

    def test_the_server_closes_by_an_error_of_http3(self):
        with self.start(peers.Gtlsserver) as server:
            failed = self.get("-X", "POST", "-H", "Content-Length: 5", f"{server.url}/file-1")
            self.assert_failed(failed, "closed the connection", "H3_MESSAGE_ERROR (0x10e")


class Outputs(peers.Case):
    def test_standard_output_is_closed(self):
        with self.start(peers.Caddy) as server:
            process = self.home.start("get", "--cacert", self.certificates.ca,
                                      f"{server.url}/5m", f"{server.url}/1m",
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            process.stdout.read(10)
            process.stdout.close()
            err = process.stderr.read()
            process.stderr.close()
            process.wait(peers.TIMEOUT)
            self.assert_failed(subprocess.CompletedProcess([], process.returncode, b"", err),
                               "standard output", "Broken pipe")

    def test_the_disk_is_full(self):
        with self.start(peers.Caddy) as server:
            url = f"{server.url}/1m"
            self.assert_failed(self.get("-o", "/dev/full", url), "/dev/full", "No space left")
            self.assert_failed(self.get("-o", "/no/such/folder/x", url), "/no/such/folder/x")
            self.assert_failed(self.get("--capture", "/dev/full", "-o", "/dev/null", url),
                               "/dev/full", "No space left")
            self.assert_failed(self.get("--keys", "/dev/full", "-o", "/dev/null", url),
                               "/dev/full", "secrets log")

    def test_what_cannot_be_read_is_named(self):
        self.assert_failed(self.get("-T", "/no/such/file", "https://localhost/"), "/no/such/file")
        self.assert_failed(self.get("-d", "@/no/such/file", "https://localhost/"), "/no/such/file")

    def test_of_many_requests_those_that_fail_are_named(self):
        with self.start(peers.Gtlsserver) as server:
            names = [f"missing-{i}" if i % 10 < 3 else f"file-{1 + i % 80}" for i in range(1000)]
            failed = self.get("--fail", *(f"{server.url}/{name}" for name in names))
            self.assertEqual(failed.returncode, 1)
            sentences = failed.stderr.decode().splitlines()
            self.assertEqual(len(sentences), 300)
            for name in names:
                if name.startswith("missing"):
                    self.assertTrue(any(f"/{name}: " in line for line in sentences), name)
            self.assertEqual(failed.stdout, b"".join(self.files[name] for name in names
                                                     if name in self.files))

    @support.proves("--silent", "--show-error")
    def test_silence_can_be_asked_for(self):
        url = f"https://localhost:{peers.free_port()}/"
        failed = self.get("-s", url)
        self.assertEqual((failed.returncode, failed.stderr), (1, b""))
        self.assert_failed(self.get("-s", "-S", url), "no program listens")


class Usage(support.Case):
    def assert_usage(self, *arguments):
        result = self.home.run("get", *arguments)
        self.assertEqual(result.returncode, 2, result)
        self.assertEqual(len(result.stderr.splitlines()), 1, result)
        self.assertEqual(result.stdout, b"")

    def test_bad_usage_has_status_2(self):
        for arguments in ((), ("--unknown", "https://a/"), ("http://a/",), ("ftp://a/",),
                          ("https://",), ("-X", "A B", "https://a/"), ("-H", "none", "https://a/"),
                          ("-4", "-6", "https://a/"), ("--migrate-after", "x", "https://a/"),
                          ("--resolve", "a", "https://a/"), ("-d", "a", "-T", "b", "https://a/"),
                          ("-o", "x", "-o", "x", "https://a/", "https://b/"), ("-o",)):
            with self.subTest(arguments=arguments):
                self.assert_usage(*arguments)

    def test_help_is_no_bad_usage(self):
        for arguments in (("get", "--help"), ("get", "-h"), ("--help",), ("--version",)):
            result = self.home.run(*arguments)
            self.assertEqual(result.returncode, 0)
            self.assertIn(b"quiclens", result.stdout)

    def test_the_program_explains_itself(self):
        self.assertEqual(self.home.run().returncode, 2)
        self.assertEqual(self.home.run("unknown").returncode, 2)
        self.assertIn(b"unknown", self.home.run("unknown").stderr)


class Signals(peers.Case):
    def test_an_interrupt_leaves_everything_readable(self):
        with self.start(peers.Gtlsserver) as server:
            capture, keys = self.home.path / "signal.pcapng", self.home.path / "signal.keys"
            process = self.home.start("get", "--cacert", self.certificates.ca, "--capture", capture,
                                      "--keys", keys, f"{server.url}/5m", stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE)
            process.stdout.read(1000)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=peers.TIMEOUT)
            self.assertEqual(process.returncode, -signal.SIGINT)
            self.assertIn(b"signal", err)
            last = peers.tshark(capture, "-T", "fields", "-e", "quic.frame_type")[-1]
            self.assertIn("29", last.split(","), "CONNECTION_CLOSE of HTTP/3 (0x1d) is missing")
            self.assertGreaterEqual(len(keys.read_text(encoding="ascii").splitlines()), 5)

    def test_a_kill_leaves_what_was_captured(self):
        with self.start(peers.Gtlsserver) as server:
            capture = self.home.path / "kill.pcapng"
            process = self.home.start("get", "--cacert", self.certificates.ca, "--capture", capture,
                                      f"{server.url}/5m", stdout=subprocess.PIPE)
            process.stdout.read(1000)
            time.sleep(0.5)
            process.kill()
            process.communicate(timeout=peers.TIMEOUT)
            self.assertGreater(len(peers.tshark(capture, "-Y", "http3")), 3)


if __name__ == "__main__":
    peers.main()
