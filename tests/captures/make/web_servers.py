#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make curl-haproxy-mixed, curl-nginx-coded, and CLIENT-haproxy-app and CLIENT-nginx-app with the
clients chromium and firefox.

usage: web_servers.py DIRECTORY [CAPTURE...]

Debian's curl, Chromium and Firefox ask Debian's haproxy and nginx over HTTP/3, on the loopback
interface of a network namespace of this process; behind both stands an origin of a few lines below.
The truth is what the server's access log and the origin say of each request, with what curl saved of
the response. Needs root, nginx with its brotli module, haproxy, curl, chromium, firefox-esr and
libnss3-tools, openssl, iproute2, tcpdump.
Not run by any test.
"""
import base64
import hashlib
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

PORT, ORIGIN_PORT = 8443, 8080
FOLDER = pathlib.Path("/var/tmp/ql-web")
HOST = f"https://localhost:{PORT}"


def content(size, seed):
    return bytes((i * seed + i // 253) & 0xFF for i in range(size))


TEXT = "".join(f"Line {i} of a text that can be made shorter.\n" for i in range(400)).encode()
PICTURE = content(9000, 7)
PAGE = b"""<!doctype html><title>app</title>
<link rel=icon href="data:,"><link rel=stylesheet href=/style.css>
<img src=/picture.bin?1><img src=/picture.bin?2><img src=/api/last>
<script>
async function go() {
  await fetch('/api/echo?n=1', {method: 'POST', body: 'x'.repeat(3000)});
  await fetch('/api/echo?n=2', {method: 'PUT', body: new Uint8Array(20000)});
  await fetch('/missing');
  await fetch('/text.txt');
  await fetch('/api/empty', {method: 'DELETE'});
  const r = await fetch('/api/slow'); const reader = r.body.getReader();
  await reader.read(); await reader.cancel();
  document.title = 'done';
}
go();
</script>"""
FILES = {"/index.html": ("text/html", PAGE), "/text.txt": ("text/plain", TEXT),
         "/style.css": ("text/css", b"img { width: 1em }\n"),
         "/picture.bin": ("application/octet-stream", PICTURE)}


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    uploads = {}  # (method, path) -> (length, SHA-256)

    def answer(self):
        length = int(self.headers.get("content-length") or 0)
        if self.headers.get("transfer-encoding") == "chunked":
            body = b""
            while (size := int(self.rfile.readline(), 16)) > 0:
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(length)
        self.uploads[self.command, self.path] = (len(body), hashlib.sha256(body).hexdigest())
        path = self.path.split("?")[0]
        kind, sent, status = "text/plain", f"{len(body)} bytes\n".encode(), 200
        if path in FILES:
            kind, sent = FILES[path]
        elif path == "/api/empty":
            status, sent = 204, b""
        elif path == "/api/last":
            time.sleep(2)  # Chromium's page is loaded, and it ends, when this has come
        elif path == "/api/slow":
            self.slow()
            return
        elif not path.startswith("/api/"):
            status, sent = 404, b"there is no such thing\n"
        self.send_response(status)
        if status != 204:
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(sent)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(sent)

    def slow(self):
        """A response that its reader gives up."""
        self.send_response(200)
        self.send_header("content-length", "1000000")
        self.end_headers()
        try:
            for _ in range(50):
                self.wfile.write(content(2000, 3))
                self.wfile.flush()
                time.sleep(0.1)
        except OSError:
            pass
        self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

    def log_message(self, *_):
        pass

    def handle(self):
        try:
            super().handle()
        except ConnectionError:
            pass


NGINX = f"""
load_module /usr/lib/nginx/modules/ngx_http_brotli_filter_module.so;
daemon off; worker_processes 1; pid {FOLDER}/nginx.pid; error_log {FOLDER}/nginx.err;
user root;
events {{ worker_connections 512; }}
http {{
  log_format truth escape=json '{{"port":$remote_port,"method":"$request_method",'
    '"path":"$request_uri","status":$status,"body_len":$body_bytes_sent,'
    '"coding":"$sent_http_content_encoding","version":"$server_protocol"}}';
  access_log {FOLDER}/access.log truth;
  gzip on; gzip_types *; gzip_min_length 100; brotli on; brotli_types *; brotli_min_length 100;
  server {{
    listen 127.0.0.1:{PORT} quic; listen 127.0.0.1:{PORT} ssl;
    ssl_certificate {FOLDER}/certificate.pem; ssl_certificate_key {FOLDER}/certificate.key;
    location / {{ proxy_pass http://127.0.0.1:{ORIGIN_PORT}; proxy_http_version 1.1;
                  proxy_request_buffering off; proxy_buffering off; }}
    location = / {{ return 302 /index.html; }}
  }}
}}
"""
HAPROXY = f"""
global
  limited-quic
  log stdout format raw local0
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend web
  bind quic4@127.0.0.1:{PORT} ssl crt {FOLDER}/both.pem alpn h3
  bind 127.0.0.1:{PORT} ssl crt {FOLDER}/both.pem
  log global
  log-format '{{"port":%cp,"method":"%HM","path":"%HPO%HQ","status":%ST,"state":"%ts","version":"%HV"}}'
  compression algo gzip
  compression type text/plain text/css
  http-request redirect location /index.html if {{ path / }}
  http-request deny deny_status 403 if {{ path /forbidden }}
  default_backend origin
backend origin
  server origin 127.0.0.1:{ORIGIN_PORT}
"""


def run(*words):
    subprocess.run(words, check=True, timeout=60, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def certify(name, *options):
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-keyout", f"{FOLDER}/{name}.key", "-out", f"{FOLDER}/{name}.pem", "-days", "7", *options)


def prepare():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    os.unshare(os.CLONE_NEWNET)
    run("ip", "link", "set", "lo", "up")
    certify("authority", "-subj", "/CN=web servers")
    certify("certificate", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            "-addext", "basicConstraints=critical,CA:FALSE", "-CA", f"{FOLDER}/authority.pem",
            "-CAkey", f"{FOLDER}/authority.key")
    both = (FOLDER / "certificate.pem").read_text() + (FOLDER / "certificate.key").read_text()
    (FOLDER / "both.pem").write_text(both)
    (FOLDER / "nginx.conf").write_text(NGINX)
    (FOLDER / "haproxy.cfg").write_text(HAPROXY)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", ORIGIN_PORT), Origin)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def start(server):
    if server == "nginx":
        return subprocess.Popen(["nginx", "-c", f"{FOLDER}/nginx.conf"], stderr=subprocess.DEVNULL)
    with open(FOLDER / "access.log", "wb") as log:
        return subprocess.Popen(["haproxy", "-db", "-f", f"{FOLDER}/haproxy.cfg"], stdout=log,
                                stderr=subprocess.DEVNULL)


def spki():
    """What Chromium calls a certificate by."""
    key = subprocess.run(f"openssl x509 -in {FOLDER}/certificate.pem -pubkey -noout | "
                         "openssl pkey -pubin -outform der", shell=True, check=True, timeout=30,
                         stdout=subprocess.PIPE).stdout
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


def chromium(base):
    environment = os.environ | {"SSLKEYLOGFILE": base + ".keys", "HOME": str(FOLDER)}
    run_words = ["chromium", "--headless=new", "--no-sandbox",
                 "--host-resolver-rules=MAP localhost 127.0.0.1", "--disable-gpu",
                 "--disable-background-networking", "--disable-component-update", "--no-first-run",
                 f"--user-data-dir={FOLDER}/profile", f"--origin-to-force-quic-on=localhost:{PORT}",
                 f"--ignore-certificate-errors-spki-list={spki()}",
                 "--timeout=4000", "--dump-dom", HOST + "/"]
    subprocess.run(run_words, env=environment, timeout=60, check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shutil.rmtree(FOLDER / "profile", ignore_errors=True)
    return {}


FIREFOX = f"""
user_pref("network.http.http3.alt-svc-mapping-for-testing", "localhost;h3=:{PORT}");
user_pref("network.http.http3.disable_when_third_party_roots_found", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
"""


def firefox(base):
    """The preferences tell it of HTTP/3; still its first request may go over TCP."""
    profile = FOLDER / "profile"
    profile.mkdir()
    (profile / "user.js").write_text(FIREFOX)
    run("certutil", "-N", "-d", f"sql:{profile}", "--empty-password")
    run("certutil", "-A", "-d", f"sql:{profile}", "-n", "authority", "-t", "C,,",
        "-i", f"{FOLDER}/authority.pem")
    environment = os.environ | {"SSLKEYLOGFILE": base + ".keys", "HOME": str(FOLDER)}
    subprocess.run(["firefox-esr", "--headless", "--no-remote", "--profile", str(profile),
                    "--screenshot", f"{FOLDER}/page.png", HOST + "/"], env=environment, timeout=60,
                   check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shutil.rmtree(profile, ignore_errors=True)
    return {}


def curl(base, requests):
    """All at once on one connection. What curl saved of each: (header lines, body)."""
    words = ["curl", "-4", "-sS", "-Z", "--http3-only", "--cacert", f"{FOLDER}/authority.pem"]
    upload = FOLDER / "upload"
    upload.write_bytes(content(30000, 5))
    for i, (path, *options) in enumerate(requests):
        words += (["--next", "-4", "-sS", "-Z", "--http3-only", "--cacert",
                   f"{FOLDER}/authority.pem"] if i else [])
        words += ["-D", f"{FOLDER}/head{i}", "-o", f"{FOLDER}/body{i}", HOST + path,
                  *(o.replace("UPLOAD", str(upload)) for o in options)]
    environment = os.environ | {"SSLKEYLOGFILE": base + ".keys"}
    subprocess.run(words, env=environment, timeout=60, check=False)
    saved = {}
    for i, (path, *options) in enumerate(requests):
        body = FOLDER / f"body{i}"
        saved[path] = ((FOLDER / f"head{i}").read_text(encoding="utf-8"),
                       body.read_bytes() if body.exists() and "-I" not in options else b"")
        body.unlink(missing_ok=True)
    return saved


MIXED = [("/index.html",), ("/text.txt", "-H", "Accept-Encoding: gzip"), ("/forbidden",), ("/",),
         ("/missing",), ("/picture.bin", "-r", "100-299"), ("/style.css", "-I"),
         ("/api/echo?small", "-d", "a=1&b=2"), ("/api/echo?large", "-T", "UPLOAD"),
         ("/api/empty", "-X", "DELETE")]
CODED = [("/text.txt?br", "-H", "Accept-Encoding: br"), ("/text.txt?none",),
         ("/text.txt?gzip", "-H", "Accept-Encoding: gzip"), ("/picture.bin",)]
CAPTURES = {
    "curl-haproxy-mixed": ("haproxy", lambda base: curl(base, MIXED)),
    "curl-nginx-coded": ("nginx", lambda base: curl(base, CODED)),
    "chromium-haproxy-app": ("haproxy", chromium),
    "chromium-nginx-app": ("nginx", chromium),
    "firefox-haproxy-app": ("haproxy", firefox),
    "firefox-nginx-app": ("nginx", firefox),
}


def entry_of(line, saved, ports):
    path = line["path"]
    entry = {"conn": ports.index(line["port"]), "method": line["method"], "path": path,
             "status": line["status"]}
    upload = Origin.uploads.get((line["method"], path))
    if upload and upload[0]:
        entry |= {"uploaded": upload[0], "uploaded_sha256": upload[1]}
    if path in saved:
        head, body = saved[path]
        statuses = [int(s) for s in re.findall(r"^HTTP/3 (\d+)", head, re.MULTILINE)]
        entry["informational"] = [s for s in statuses if s < 200]
        entry |= {"body_len": len(body), "body_sha256": hashlib.sha256(body).hexdigest()}
    elif line.get("coding") == "" and path != "/api/slow":  # else nginx counts heads of frames too
        entry["body_len"] = line["body_len"]
    if path == "/api/slow":
        entry["complete"] = False  # its reader gave it up
    return entry


def version(program, option):
    run_ = subprocess.run([program, option], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=30, check=False)
    return re.search(r"\d+\.\d+[\d.]*", run_.stdout.decode())[0]


def record(name, base):
    server, client = CAPTURES[name]
    (FOLDER / "access.log").unlink(missing_ok=True)
    pathlib.Path(base + ".keys").unlink(missing_ok=True)
    Origin.uploads.clear()
    program = start(server)
    dump = subprocess.Popen(["tcpdump", "-Z", "root", "-i", "lo", "-U", "-w", base + ".pcap",
                             "udp"], stderr=subprocess.DEVNULL)
    try:
        time.sleep(1.5)
        saved = client(base)
        time.sleep(1.5)
    finally:
        dump.send_signal(signal.SIGINT)
        program.terminate()
        dump.wait(timeout=10)
        program.wait(timeout=15)
    lines = [json.loads(line) for line in
             (FOLDER / "access.log").read_text(encoding="utf-8").splitlines()
             if line.startswith("{") and '"HTTP/3' in line]
    ports = list(dict.fromkeys(line["port"] for line in lines))
    client_name = name.split("-", 1)[0]
    program_name = "firefox-esr" if client_name == "firefox" else client_name
    truth = {"name": name,
             "server": f"{server} {version(server, '-v')}",
             "client": f"{client_name} {version(program_name, '--version')}",
             "connections": len(ports),
             "requests": [entry_of(line, saved, ports) for line in lines]}
    pathlib.Path(base + ".truth.json").write_text(json.dumps(truth, indent=1) + "\n",
                                                  encoding="utf-8")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    prepare()
    for name in sys.argv[2:] or CAPTURES:
        record(name, os.path.join(sys.argv[1], name))


if __name__ == "__main__":
    main()
