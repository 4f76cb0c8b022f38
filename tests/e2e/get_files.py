#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quiclens get: which files it writes besides, makes, keeps and removes, and what it lets nobody
write."""
import os
import pty
import threading

import origin_support as support
import peers

ENDLESS = 50_000_000


class Handler(peers.Backend.Handler):
    """Behind caddy: content without an end that is told before, and content that waits."""
    go_on = threading.Event()

    def answer(self):
        name = self.path.removeprefix("/backend/")
        if name == "moved":
            self.send_response(302)
            self.send_header("Location", "/file-2")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            if name == "endless":
                for _ in range(ENDLESS // 10_000):
                    self.wfile.write(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
            else:
                self.go_on.wait(0.6 if name == "brief" else peers.TIMEOUT)
                self.wfile.write(b"3\r\nend\r\n")
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True

    do_GET = answer


class Files(peers.Case):
    def setUp(self):
        self.backend = peers.Backend(Handler)
        self.backend.__enter__()
        self.addCleanup(self.backend.__exit__)
        self.server = self.start(peers.Caddy, backend=self.backend.port)
        self.addCleanup(self.server.__exit__)
        Handler.go_on.clear()
        self.folder = self.home.folder(f"files-{self.id()}")
        self.capture = self.folder / "s.pcapng"

    def ask(self, *arguments):
        """What begins with / is a path of the server, but for names of files."""
        words = [f"{self.server.url}{word}" if isinstance(word, str) and word.startswith("/")
                 else word for word in arguments]
        return self.get("--capture", self.capture, *words)

    def wire(self, condition, *names):
        return peers.wire(self.home, self.capture, condition, *names)

    def assert_sections(self, text):
        """They are those of the responses on the wire."""
        sections = text.split("\r\n\r\n")
        self.assertEqual(sections.pop(), "")
        came = self.wire("quiclens.response.status", "quiclens.response.status",
                         "quiclens.response.header")
        told = [section.split("\r\n") for section in sections]
        self.assertEqual(sorted(lines[0] for lines in told),
                         sorted(f"HTTP/3 {status}" for statuses, _ in came for status in statuses))
        self.assertEqual(sorted(line for lines in told for line in lines[1:]),
                         sorted(field for _, fields in came for field in fields))

    @support.proves("--dump-header", "--create-dirs")
    def test_header_sections_have_a_file_of_their_own(self):
        head, first, second = (self.folder / name for name in ("a/head", "b/c/one", "two"))
        refused = self.ask("-D", head, "-o", first, "/file-1")
        self.assert_failed(refused, str(head), "No such file or directory")
        self.assert_done(self.ask("-L", "--create-dirs", "-D", head, "-o", first, "-o", second,
                                  "/backend/moved", "/file-3"))
        self.assertEqual((first.read_bytes(), second.read_bytes()),
                         (self.files["file-2"], self.files["file-3"]))
        text = head.read_bytes().decode()
        self.assertEqual(sorted(line[7:] for line in text.split("\r\n") if "HTTP/3" in line),
                         ["200", "200", "302"])
        self.assert_sections(text)
        self.assert_done(self.ask("-D", head, "-o", first, "/file-1"))
        self.assert_sections(head.read_bytes().decode())  # those of before are gone

    def test_header_sections_on_standard_output(self):
        apart = self.ask("-D", "-", "-o", self.folder / "x", "/file-1")
        self.assert_done(apart)
        self.assert_sections(apart.stdout.decode())
        self.assertEqual((self.folder / "x").read_bytes(), self.files["file-1"])
        together = self.ask("-D", "-", "/file-1")
        self.assert_done(together)
        self.assertEqual(together.stdout.partition(b"\r\n\r\n")[2], self.files["file-1"])

    @support.proves("--max-filesize", "--remove-on-error")
    def test_content_has_a_limit(self):
        into = self.folder / "x"
        self.assert_done(self.ask("--max-filesize", "1000000", "-o", into, "/1m"))
        into.unlink()
        self.assert_failed(self.ask("--max-filesize", "999999", "-o", into, "/1m"), "999999 bytes",
                           "--max-filesize")
        self.assertFalse(into.exists(), "its length was told, and it was written")
        self.assert_failed(self.ask("--max-filesize", "10k", "-o", into, "/backend/endless"),
                           "10240 bytes")
        self.assertLessEqual(into.stat().st_size, 10240)
        self.assertLess(self.capture.stat().st_size, ENDLESS / 2, "the rest came, too")
        self.assert_failed(self.ask("--max-filesize", "10k", "--remove-on-error", "-o", into,
                                    "/backend/endless"), "10240 bytes")
        self.assertFalse(into.exists())
        self.assert_done(self.ask("--remove-on-error", "-o", into, "/file-2"))
        self.assertEqual(into.read_bytes(), self.files["file-2"])

    def told_on_terminal(self, *arguments, until=b""):
        """What quiclens get tells on a terminal; the server waits until that has come."""
        master, slave = pty.openpty()
        try:
            process = self.home.start("get", "--cacert", self.certificates.ca, "-o",
                                      self.folder / "x", *arguments, stderr=slave)
            os.close(slave)
            said = b""
            while until not in said:
                said += os.read(master, 65536)
            if until:
                Handler.go_on.set()
            self.assertEqual(process.wait(peers.TIMEOUT), 0, said)
            try:
                while more := os.read(master, 65536):
                    said += more
            except OSError:  # the other end is closed, and all was read
                pass
        finally:
            os.close(master)
        return said

    @support.proves("--no-progress-meter")
    def test_progress_is_told_unless_it_is_not_wanted(self):
        self.told_on_terminal(f"{self.server.url}/backend/held", until=b"\r")
        Handler.go_on.clear()
        self.assertEqual(self.told_on_terminal("--no-progress-meter",
                                               f"{self.server.url}/backend/brief"), b"")


if __name__ == "__main__":
    peers.main()
