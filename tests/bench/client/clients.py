# SPDX-License-Identifier: GPL-2.0-or-later
"""The clients that are compared, and what each is called with for a task."""
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e" / "interop"))

import servers  # noqa: E402

HOST, PORT = "localhost", 4433
ORIGIN = f"https://{HOST}:{PORT}"

BIG, SMALL, UPLOAD, CONNECTIONS = "GET of 200 MB", "1,000 GETs of 200 bytes", "upload of 50 MB", \
    "100 connections"
TASKS = {BIG: 1, SMALL: 1, UPLOAD: 1, CONNECTIONS: 100}
"""How often the command runs, one after another, for a task."""
SMALL_COUNT = 1000


class Client:
    """A command a task. work: the folder with the certificate and the files; root: a root of other
    programs, in which work is at /mnt."""
    name = None
    tasks = tuple(TASKS)
    once = ()
    """Tasks that are too slow to be repeated."""

    def __init__(self, work, root=None):
        self.work, self.root = work, root

    def see(self, name):
        return f"/mnt/{name}" if self.root else str(self.work / name)

    def command(self, task):
        words = [str(word) for word in self.words(task)]
        if TASKS[task] > 1:
            words = ["sh", "-c", f'i=0; while [ $i -lt {TASKS[task]} ]; do "$@" || exit 1; '
                     'i=$((i+1)); done', "repeat", *words]
        if self.root:
            words = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", servers.ENTER,
                     "enter", str(self.root), str(self.work), *words]
        return words


class Quiclens(Client):
    name = "quiclens"

    def __init__(self, work, program, options=(), name=None):
        super().__init__(work)
        self.program, self.options = program, options
        self.name = name or self.name

    def words(self, task):
        what = {BIG: [f"{ORIGIN}/big"],
                SMALL: [f"{ORIGIN}/small/{n}" for n in range(SMALL_COUNT)],
                UPLOAD: ["-T", self.see("upload"), f"{ORIGIN}/upload"],
                CONNECTIONS: [f"{ORIGIN}/small/0"]}[task]
        return [self.program, "get", "-s", "--cacert", self.see("authority.pem"), *self.options, *what]


class Curl(Client):
    name = "curl"

    def words(self, task):
        what = {BIG: ["-o", "/dev/null", f"{ORIGIN}/big"],
                SMALL: ["-Z", "--parallel-max", 100, "-o", "/dev/null",
                        f"{ORIGIN}/small/[0-{SMALL_COUNT - 1}]"],
                UPLOAD: ["-o", "/dev/null", "-T", self.see("upload"), f"{ORIGIN}/upload"],
                CONNECTIONS: ["-o", "/dev/null", f"{ORIGIN}/small/0"]}[task]
        return ["curl", "-s", "--http3-only", "--cacert", self.see("authority.pem"), *what]


class Gtlsclient(Client):
    name = "gtlsclient"

    def __init__(self, work, program):
        super().__init__(work)
        self.program = program

    def words(self, task):
        what = {BIG: [f"{ORIGIN}/big"],
                SMALL: ["-n", SMALL_COUNT, *(f"{ORIGIN}/small/{n}" for n in range(SMALL_COUNT))],
                UPLOAD: ["-m", "PUT", "-d", self.see("upload"), f"{ORIGIN}/upload"],
                CONNECTIONS: [f"{ORIGIN}/small/0"]}[task]
        return [self.program, "-q", "--no-quic-dump", "--no-http-dump",
                "--exit-on-all-streams-close", "127.0.0.1", PORT, *what]


class Aioquic(Client):
    """Its example, which takes the first address of a name."""
    name = "aioquic"
    once = (BIG, UPLOAD, CONNECTIONS)

    def words(self, task):
        origin = f"https://127.0.0.1:{PORT}"
        if task == UPLOAD:
            shutil.copy(pathlib.Path(__file__).with_name("aioquic_upload.py"), self.work)
            return ["python3", "-B", self.see("aioquic_upload.py"), "127.0.0.1", PORT, HOST,
                    self.see("upload"), "/upload"]
        what = {BIG: [f"{origin}/big"],
                SMALL: [f"{origin}/small/{n}" for n in range(SMALL_COUNT)],
                CONNECTIONS: [f"{origin}/small/0"]}[task]
        return ["python3", "-B", "/opt/aioquic/examples/http3_client.py", "--insecure", *what]


class Write(Client):
    """No client: what the kernel alone takes for a file as large as the capture of that task."""
    name = "dd, the file alone"
    tasks = (BIG, UPLOAD)

    def words(self, task):
        count = {BIG: 821, UPLOAD: 202}[task]
        return ["dd", "if=/dev/zero", f"of={self.see('session.pcapng')}", "bs=256K",
                f"count={count}", "status=none"]


def available(options, work):
    capture = ["--capture", str(work / "session.pcapng")]
    found = [Quiclens(work, options.quiclens), Quiclens(work, options.quiclens, capture,
                                                        "quiclens, capture"), Write(work)]
    server = servers.Gtlsserver.program()
    client = pathlib.Path(server).with_name("gtlsclient") if server else None
    if client and client.exists():
        found.append(Gtlsclient(work, client))
    if options.root:
        found += [Curl(work, options.root), Aioquic(work, options.root)]
    return found
