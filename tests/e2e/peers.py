# SPDX-License-Identifier: GPL-2.0-or-later
"""Servers that other people wrote, and what tests of quiclens get need around them."""
import argparse
import glob
import hashlib
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

import origin_support as support

TIMEOUT = 60


def free_port():
    """A port of the loopback that is free for UDP and TCP."""
    for _ in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            port = udp.getsockname()[1]
            try:
                tcp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("there is no free port")


def wait_for_udp(port, process):
    """Until a program listens on that UDP port."""
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        if process.poll() is not None:
            raise AssertionError(f"{process.args} ended with {process.returncode}")
        for table in ("/proc/net/udp", "/proc/net/udp6"):
            with open(table, encoding="ascii") as lines:
                if any(line.split()[1].endswith(f":{port:04X}") for line in lines if ":" in line
                       and line.split()[0] != "sl"):
                    return
        time.sleep(0.02)
    raise AssertionError(f"{process.args} does not listen on {port}")


class Certificates:
    """A certificate authority of the test's own. Dates are days from now."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = folder / "ca.pem"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-nodes", "-days", "30", "-subj", "/CN=Test authority", "-keyout", "ca.key",
                     "-out", "ca.pem")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, timeout=TIMEOUT,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def make(self, name, hosts="DNS:localhost,IP:127.0.0.1,IP:::1", start=-1, end=20):
        """The files of a certificate and its key."""
        (self.folder / "index").write_text("", encoding="ascii")
        (self.folder / "serial").write_text("01", encoding="ascii")
        (self.folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca=c\n[c]\ndatabase=index\nserial=serial\nnew_certs_dir=.\n"
            "certificate=ca.pem\nprivate_key=ca.key\ndefault_md=sha256\npolicy=p\n"
            f"x509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName={hosts}\n",
            encoding="ascii")
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out",
                     f"{name}.csr")
        dates = [time.strftime("%y%m%d%H%M%SZ", time.gmtime(time.time() + days * 86400))
                 for days in (start, end)]
        self.openssl("ca", "-batch", "-notext", "-config", "ca.cnf", "-in", f"{name}.csr", "-out",
                     f"{name}.pem", "-startdate", dates[0], "-enddate", dates[1])
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"


class Peer:
    """A server in a process of its own, as a context. Its addresses are 127.0.0.1 and, for caddy,
    ::1."""

    def __init__(self, folder, certificate, **more):
        self.port = free_port()
        self.folder = folder
        self.url = f"https://localhost:{self.port}"
        self.log = open(folder / f"{type(self).__name__}.log", "ab")  # closed by __exit__
        self.process = subprocess.Popen(self.command(certificate, **more), cwd=folder,
                                        env={**os.environ, "HOME": str(folder),
                                             "XDG_DATA_HOME": str(folder),
                                             "XDG_CONFIG_HOME": str(folder)},
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        wait_for_udp(self.port, self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait(TIMEOUT)
        self.log.close()


class Caddy(Peer):
    @staticmethod
    def program():
        return shutil.which("caddy")

    def command(self, certificate, documents=None, backend=None, directives=""):
        proxy = f"reverse_proxy /backend/* 127.0.0.1:{backend}\n" if backend else ""
        config = self.folder / "Caddyfile"
        config.write_text("{\nadmin off\nauto_https off\n}\n"
                          f":{self.port} {{\nbind 127.0.0.1 ::1\n"
                          f"tls {certificate[0]} {certificate[1]}\nroot * {documents}\n"
                          f"{directives}\n{proxy}file_server\n}}\n", encoding="utf-8")
        return [self.program(), "run", "--config", str(config), "--adapter", "caddyfile"]


class Gtlsserver(Peer):
    @staticmethod
    def program():
        """QUICLENS_GTLSSERVER, else that of the PATH, else what quickstart fetched."""
        named = os.environ.get("QUICLENS_GTLSSERVER")
        cache = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
        fetched = glob.glob(f"{cache}/quiclens/tools-*/bin/gtlsserver")
        return named or shutil.which("gtlsserver") or next(iter(fetched), None)

    def command(self, certificate, documents=None, extra=()):
        return [self.program(), "-q", "-d", str(documents), "--mime-types-file=/dev/null", *extra,
                "127.0.0.1", str(self.port), str(certificate[1]), str(certificate[0])]


class Backend:
    """An HTTP/1.1 server behind caddy that says what it got, and that can break off."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def content(self):
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)

        def answer(self):
            if self.path == "/backend/break":
                self.send_response(200)
                self.send_header("Content-Length", "1000000")
                self.end_headers()
                self.wfile.write(b"x" * 5000)
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            content = self.content()
            text = "\n".join([self.command, self.path, str(len(content)),
                              hashlib.sha256(content).hexdigest(),
                              self.headers.get("Content-Type", ""), self.headers.get("X-Test", ""),
                              self.headers.get("Content-Length", "")]).encode()
            self.send_response(200)
            self.send_header("X-Escape", "\x9b31m red")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

        def log_message(self, *_):
            pass

    def __init__(self, handler=Handler):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def documents(folder):
    """Files to be served: many small ones, and larger ones of 1 and 5 MB. Returns name: bytes."""
    files = {f"file-{i}": os.urandom(i * 397) for i in range(1, 81)}
    files.update({"1m": os.urandom(1_000_000), "5m": os.urandom(5_000_000)})
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return files


def plain(fields):
    """Values of -T fields as Wireshark 4.0 writes them; later ones write True and wide numbers."""
    text = re.sub(r"\b0x0{8,}([0-9a-f]+)\b", lambda found: str(int(found[1], 16)), fields)
    return re.sub(r"\b(True|False)\b", lambda found: str(int(found[1] == "True")), text)


def tshark(capture, *arguments, preferences=()):
    """What tshark prints on a capture, line by line. It runs without any plugin."""
    options = [word for each in preferences for word in ("-o", each)]
    done = subprocess.run(["tshark", "-r", str(capture), *options, *arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          timeout=TIMEOUT, env={**os.environ, "LC_ALL": "C.UTF-8",
                                                "WIRESHARK_PLUGIN_DIR": "/nonexistent"})
    if done.returncode != 0:
        raise AssertionError(f"{done.returncode} {done.stderr.decode(errors='replace')}")
    text = done.stdout.decode()
    return (plain(text) if "fields" in arguments else text).splitlines()


def wire(home, capture, condition, *names):
    """What tshark and the plugin say of a capture: for each frame to which the condition applies, a
    tuple of the fields, each a list of values."""
    fields = [word for name in names for word in ("-e", name)]
    done = subprocess.run(["tshark", "-r", str(capture), "-Y", condition, "-T", "fields",
                           "-E", "aggregator=|", *fields], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, timeout=TIMEOUT,
                          env=home.environment, **home.identity)
    if done.returncode != 0:
        raise AssertionError(f"{done.returncode} {done.stderr.decode(errors='replace')}")
    return [tuple(field.split("|") if field else [] for field in line.split("\t"))
            for line in plain(done.stdout.decode()).splitlines()]


def left_by_a_loss(qlog):
    """What a qlog of ngtcp2's says of the first packet lost: its number, how much of the congestion
    window is left, and whether there is a threshold for slow start now. What the same ACK
    acknowledges may make the window larger before."""
    before, lost = None, None
    for record in qlog.read_bytes().split(b"\x1e")[1:]:
        event = json.loads(record)
        data = event.get("data", {})
        if event.get("name") == "recovery:packet_lost" and lost is None:
            lost = str(data["header"]["packet_number"])
        elif event.get("name") == "recovery:metrics_updated":
            if lost is not None:
                return lost, data["congestion_window"] / before, data.get("ssthresh") is not None
            before = data["congestion_window"]
    raise AssertionError("nothing was lost")


class Case(support.Case):
    """A test with certificates and files to be served."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificates = Certificates(cls.home.folder("certificates"))
        cls.certificate = cls.certificates.make("localhost")
        cls.files = documents(cls.home.path / "www")

    def start(self, kind, certificate=None, **more):
        """A peer of that kind; skips the test where its program is missing."""
        if kind.program() is None:
            raise unittest.SkipTest(f"{kind.__name__.lower()} is not installed")
        folder = pathlib.Path(self.home.folder(f"{kind.__name__}-{self.id()}-{time.monotonic_ns()}"))
        return kind(folder, certificate or self.certificate, documents=self.home.path / "www",
                    **more)

    def get(self, *arguments, **more):
        return self.home.run("get", "--cacert", self.certificates.ca, *arguments, **more)

    def assert_failed(self, result, *words, status=1):
        """One sentence, with those words."""
        text = result.stderr.decode(errors="replace")
        self.assertEqual(result.returncode, status, text)
        self.assertEqual(len(text.splitlines()), 1, text)
        self.assertTrue(text.startswith("quiclens get: "), text)
        for word in words:
            self.assertIn(word, text)


def main():
    """To be called by each test's own main."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quiclens", required=True, help="the program")
    parser.add_argument("--plugin", help="quiclens.so, for those that read captures with it")
    parser.add_argument("--preload", help="what has to be there before the plugin is")
    support.Case.options, rest = parser.parse_known_args()
    support.run_tests(rest)
