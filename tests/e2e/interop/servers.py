# SPDX-License-Identifier: GPL-2.0-or-later
"""Servers that other people made: how each is started for a case, and what it cannot do."""
import glob
import os
import pathlib
import shutil
import subprocess

import network

HERE = pathlib.Path(__file__).resolve().parent
IDLE = 180
"""Seconds that a server keeps a silent connection, or an unfinished handshake, where it can be told."""

ENTER = ('mount -t proc proc "$1/proc"; mount --bind "$2" "$1/mnt"; cd "$1"; root=$1; shift 2; '
         'exec chroot "$root" /usr/bin/env -i HOME=/mnt PATH=/usr/sbin:/usr/bin LC_ALL=C.UTF-8 "$@"')


class Setup:
    """What a case asks of a server. Paths are this machine's."""

    def __init__(self, work, folder, documents, certificate, key, features=(), family=4,
                 case="transfer", over="h3"):
        self.work = work
        self.folder = folder
        self.documents = documents
        self.certificate = certificate
        self.key = key
        self.features = features
        self.case = case
        self.over = over
        self.address = network.SERVER[family]
        self.bracketed = f"[{self.address}]" if family == 6 else self.address
        self.family = family


class Server:
    name = None
    hq = True
    """Does it speak HTTP/0.9, too?"""
    anywhere = False
    """Does it listen on every address, with one socket of IPv6?"""
    lacks = {}
    """Cases that it does not support, and how that is known."""

    def __init__(self, root=None):
        self.root = root

    def see(self, setup, path):
        """A path as the server sees it."""
        return f"/mnt/{path.relative_to(setup.work)}" if self.root else str(path)

    def wrap(self, setup, command):
        if not self.root:
            return command
        return ["unshare", "--mount", "--propagation", "private", "sh", "-euc", ENTER, "enter",
                self.root, setup.work, *command]

    def version(self):
        """The first number in what it says of itself."""
        command = ["chroot", self.root, *self.asked] if self.root else list(self.asked)
        said = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60, check=False).stdout.decode()
        words = said.replace("/", " ").replace("v", " ").split()
        return next((word for word in words if word[0].isdigit() and "." in word), "?")

    def start(self, net, setup):
        """Its processes, listening."""
        with open(setup.folder / "server.log", "wb") as log:
            process = net.start(net.server, self.wrap(setup, self.command(setup)), stdout=log,
                                stderr=log, cwd=setup.folder,
                                env={**os.environ, "HOME": str(setup.folder),
                                     "XDG_DATA_HOME": str(setup.folder),
                                     "XDG_CONFIG_HOME": str(setup.folder)})
        net.wait_for_udp(net.server, network.PORT, process, 6 if self.anywhere else setup.family)

    def write(self, setup, name, text):
        path = setup.folder / name
        path.write_text(text, encoding="utf-8")
        return self.see(setup, path)


class Gtlsserver(Server):
    name = "gtlsserver"
    hq = False

    @staticmethod
    def program():
        """QUICLENS_GTLSSERVER, else that of the PATH, else what quickstart fetched."""
        cache = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
        fetched = glob.glob(f"{cache}/quiclens/tools-*/bin/gtlsserver")
        return os.environ.get("QUICLENS_GTLSSERVER") or shutil.which("gtlsserver") or \
            next(iter(fetched), None)

    def version(self):
        return "of ngtcp2 1.11"

    def command(self, setup):
        options = ["--timeout", f"{IDLE}s", "--handshake-timeout", f"{IDLE}s"]
        if "retry" in setup.features:
            options += ["-V"]
        if "v2" in setup.features:
            options += ["--preferred-versions", "v2"]
        if "preferred" in setup.features:
            options += ["--preferred-ipv4-addr",
                        f"{network.PREFERRED[4]}:{network.PREFERRED_PORT}", "--preferred-ipv6-addr",
                        f"[{network.PREFERRED[6]}]:{network.PREFERRED_PORT}"]
        return [self.program(), "-q", "-d", setup.documents, "--mime-types-file=/dev/null", *options,
                setup.address, network.PORT, setup.key, setup.certificate]


NO_ECN = "marks no packet"
NO_PATHS = "goes on to the client's old address, and sends no PATH_CHALLENGE"
NO_PREFERRED = "sends no preferred_address"


class Caddy(Server):
    """quic-go with HTTP/3, as its own examples are."""
    name = "caddy"
    hq = False
    asked = ("caddy", "version")
    lacks = {"retry": "no option for Retry", "v2": "no compatible version negotiation (RFC 9368)",
             "connectionmigration": NO_PREFERRED}

    @staticmethod
    def program():
        return shutil.which("caddy")

    def version(self):
        return f"{super().version()} (quic-go)"

    def command(self, setup):
        text = ("{\nadmin off\nauto_https off\nservers {\ntimeouts {\nidle 180s\n}\n}\n}\n"
                f":{network.PORT} {{\nbind {setup.address}\n"
                f"tls {self.see(setup, setup.certificate)} {self.see(setup, setup.key)}\n"
                f"root * {self.see(setup, setup.documents)}\nfile_server\n}}\n")
        return ["caddy", "run", "--config", self.write(setup, "Caddyfile", text), "--adapter",
                "caddyfile"]


class OldCaddy(Caddy):
    """quic-go of 2022."""
    name = "caddy26"
    lacks = {**Caddy.lacks, "ecn": NO_ECN, "rebind-port": NO_PATHS, "rebind-addr": NO_PATHS}


class QuicGo(Server):
    """quic-go's own server for interop tests, which is told what to do by the name of a case, and
    finds all it needs at fixed places."""
    name = "quic-go"
    asked = ("dpkg-query", "--show", "--showformat", "${Version}",
             "golang-github-lucas-clemente-quic-go-dev")
    anywhere = True
    lacks = {"v2": "no compatible version negotiation (RFC 9368)",
             "connectionmigration": NO_PREFERRED}
    PLACES = ('mkdir "$1/chosen"; cp "$2" "$1/chosen/cert.pem"; cp "$3" "$1/chosen/priv.key"; '
              'mount --bind "$1/chosen" /certs; mount --bind "$4" /www; mount --bind "$1" /logs; '
              'exec env TESTCASE="$5" /opt/quic-go/server')

    @staticmethod
    def said(setup):
        """Which of the cases that it knows this one is for a server. It speaks HTTP/3 in one only."""
        known = setup.case in ("retry", "zerortt")
        return "http3" if setup.over == "h3" else setup.case if known else "transfer"

    def command(self, setup):
        seen = [self.see(setup, path) for path in (setup.folder, setup.certificate, setup.key,
                                                   setup.documents)]
        return ["sh", "-euc", self.PLACES, "quic-go", *seen, self.said(setup)]


class Nginx(Server):
    name = "nginx"
    asked = ("nginx", "-v")
    lacks = {"v2": "knows version 1 only", "connectionmigration": NO_PREFERRED,
             "ecn": NO_ECN}
    TEXT = """daemon off; master_process on; worker_processes 1; user root;
error_log {log} info; pid {pid};
events {{ worker_connections 1024; }}
http {{
  access_log off; types {{ }} default_type application/octet-stream;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/f;
  uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  server {{
    {listen}
    keepalive_requests 100000; keepalive_timeout {idle}s; client_max_body_size 0;
    ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.3;
    ssl_early_data on; root {documents}; {more}
  }}
}}
"""

    def text(self, setup, listen, more):
        folder = self.see(setup, setup.folder)
        return self.TEXT.format(log=f"{folder}/nginx.log", pid=f"{folder}/nginx.pid", home=folder,
                                idle=IDLE, certificate=self.see(setup, setup.certificate),
                                key=self.see(setup, setup.key), listen=listen, more=more,
                                documents=self.see(setup, setup.documents))

    def command(self, setup):
        more = "http3 on; http3_hq on; quic_active_connection_id_limit 8; quic_retry " + \
            ("on;" if "retry" in setup.features else "off;")
        text = self.text(setup, f"listen {setup.bracketed}:{network.PORT} quic reuseport;", more)
        return ["nginx", "-c", self.write(setup, "nginx.conf", text)]


class Haproxy(Server):
    """With an nginx behind it that has the files."""
    name = "haproxy"
    asked = ("haproxy", "-v")
    lacks = {"connectionmigration": NO_PREFERRED, "ecn": NO_ECN, "rebind-port": NO_PATHS,
             "rebind-addr": NO_PATHS}

    def command(self, setup):
        # It wants the certificate and its key in one file.
        both = setup.folder / "both.pem"
        both.write_bytes(setup.certificate.read_bytes() + setup.key.read_bytes())
        backend = Nginx(self.root).text(setup, "listen 127.0.0.1:8080;", "")
        retry = " quic-force-retry" if "retry" in setup.features else ""
        text = ("global\n  tune.quic.socket-owner connection\n"
                f"  tune.quic.frontend.max-idle-timeout {IDLE}s\n"
                f"defaults\n  mode http\n  timeout client {IDLE}s\n  timeout server {IDLE}s\n"
                f"  timeout connect 5s\n  timeout http-request {IDLE}s\nfrontend h3\n"
                f"  bind quic{setup.family}@{setup.bracketed}:{network.PORT} ssl crt "
                f"{self.see(setup, both)} alpn h3,hq-interop allow-0rtt{retry}\n"
                "  default_backend b\nbackend b\n  server s 127.0.0.1:8080\n")
        return ["sh", "-c", 'nginx -c "$1" & exec haproxy -db -f "$2"', "haproxy",
                self.write(setup, "nginx.conf", backend), self.write(setup, "haproxy.cfg", text)]


class Aioquic(Server):
    name = "aioquic"
    asked = ("python3", "-c", "import aioquic; print(aioquic.__version__)")
    lacks = {"connectionmigration": NO_PREFERRED, "ecn": NO_ECN}

    def command(self, setup):
        script = setup.folder / "aioquic_server.py"
        shutil.copy(HERE / "aioquic_server.py", script)
        return ["python3", "-B", self.see(setup, script), setup.address, network.PORT,
                self.see(setup, setup.certificate), self.see(setup, setup.key),
                self.see(setup, setup.documents), IDLE, *sorted(setup.features)]


HERE_KINDS = (Gtlsserver, OldCaddy)
"""Those that run on this machine itself."""
ROOT_KINDS = (Caddy, QuicGo, Nginx, Haproxy, Aioquic)
NAMES = [kind.name for kind in (*HERE_KINDS, *ROOT_KINDS)]


def available(root):
    """All servers that can be started, with a root of others or without (None)."""
    found = [kind() for kind in HERE_KINDS if kind.program()]
    return found + ([kind(root) for kind in ROOT_KINDS] if root else [])
