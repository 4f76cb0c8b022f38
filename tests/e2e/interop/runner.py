# SPDX-License-Identifier: GPL-2.0-or-later
"""One case with one server: network, recording, server, client, verdict."""
import collections
import random
import shutil
import subprocess
import time

import capture
import cases
import judge
import network
import other_client
import servers

Verdict = collections.namedtuple("Verdict", "outcome why over seconds")
"""outcome: passed, failed, server (it alone is wrong), unsupported; why: of all but the first; over:
the application protocol."""

CHAIN = 9


def openssl(folder, *arguments):
    subprocess.run(["openssl", *map(str, arguments)], cwd=folder, check=True, timeout=60,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_certificate(folder, name, issuer, leaf=False, padding=0):
    """FOLDER/NAME.pem and NAME.key. Padding is a comment of so many characters inside."""
    extensions = ["basicConstraints=critical,CA:" + ("FALSE" if leaf else "TRUE")]
    if leaf:
        extensions.append(f"subjectAltName=DNS:{network.HOST}")
    if padding:
        extensions.append("nsComment=" + random.Random(name).randbytes(padding // 2).hex())
    options = [word for each in extensions for word in ("-addext", each)]
    if issuer:
        options += ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key"]
    config = folder / "openssl.cnf"
    config.write_text("[req]\ndistinguished_name=dn\n[dn]\n", encoding="ascii")
    openssl(folder, "req", "-x509", "-config", config, "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", 30, "-subj", f"/CN={name}", *options,
            "-keyout", f"{name}.key", "-out", f"{name}.pem")


class Materials:
    """Certificates and files, made once for all cases. Authority: what the client trusts."""

    def __init__(self, work):
        self.work = work
        folder = work / "certificates"
        folder.mkdir()
        make_certificate(folder, "authority", None)
        make_certificate(folder, "leaf", "authority", leaf=True)
        issuer, chain = "authority", []
        for number in range(1, CHAIN):
            make_certificate(folder, f"level-{number}", issuer, padding=600)
            issuer = f"level-{number}"
            chain.insert(0, issuer)
        make_certificate(folder, "chained", issuer, leaf=True, padding=600)
        (folder / "chain.pem").write_bytes(b"".join((folder / f"{name}.pem").read_bytes()
                                                    for name in ("chained", *chain)))
        self.folder = folder
        self.authority = folder / "authority.pem"
        self.documents = work / "www"
        self.documents.mkdir()

    def certificate(self, features):
        names = ("chain.pem", "chained.key") if "chain" in features else ("leaf.pem", "leaf.key")
        return [self.folder / name for name in names]

    def files_of(self, case):
        """name -> content, also written to where servers take them from."""
        found = {}
        for name, size in zip(cases.names_of(case), case.sizes):
            found[name] = random.Random(name).randbytes(size)
            path = self.documents / name
            if not path.exists():
                path.write_bytes(found[name])
        return found


class Runner:
    def __init__(self, options, root, materials):
        self.options = options
        self.root = root
        self.materials = materials
        said = subprocess.run([options.quiclens, "get", "--help"], stdout=subprocess.PIPE,
                              timeout=60, check=True).stdout.decode()
        self.speaks_hq = "--alpn" in said

    def run(self, number, case, server):
        if case.name in server.lacks and not self.options.unsupported:
            return Verdict("unsupported", server.lacks[case.name], "", 0)
        if self.options.other_client and not other_client.takes(case):
            return Verdict("unsupported", f"not tried with {other_client.NAME}", "", 0)
        hq = server.hq and self.speaks_hq and not case.h3 and not self.options.other_client
        over = "hq-interop" if hq else "h3"
        folder = self.materials.work / f"{server.name}-{case.name}"
        began = time.monotonic()
        try:
            self.attempt(number, case, server, folder, over)
        except (judge.Failed, RuntimeError, OSError, subprocess.SubprocessError) as reason:
            self.keep_evidence(folder)
            outcome = "server" if isinstance(reason, judge.ServerFailed) else "failed"
            return Verdict(outcome, str(reason), over, time.monotonic() - began)
        if not self.options.keep:
            shutil.rmtree(folder)
        return Verdict("passed", "", over, time.monotonic() - began)

    def keep_evidence(self, folder):
        """The captures of both ends with what opens them, and what each program said."""
        if not self.options.evidence:
            return
        kept = self.options.evidence / folder.name
        kept.mkdir(parents=True, exist_ok=True)
        for side in "left", "right":
            subprocess.run(["editcap", "--inject-secrets", f"tls,{folder / 'keys.log'}",
                            folder / f"{side}.pcap", kept / f"{side}.pcapng"], check=False,
                           timeout=60, stderr=subprocess.DEVNULL)
        for path in (*folder.glob("*.log"), *folder.glob("relay*")):
            shutil.copy(path, kept)

    def attempt(self, number, case, server, folder, over):
        downloads = folder / "downloads"
        downloads.mkdir(parents=True)
        files = self.materials.files_of(case)
        keys = folder / "keys.log"
        setup = servers.Setup(self.materials.work, folder, self.materials.documents,
                              *self.materials.certificate(case.features), case.features,
                              case.family, case.name, over)
        scenario = f"{case.scenario} seed={self.options.seed}"
        if case.rebinds:
            scenario += " rebind-address=" + ",".join(network.NEAR[case.family][1:])
        with network.Network(number) as net:
            with network.Recording(net, folder) as recording:
                server.start(net, setup)
                network.Relay(net, folder, self.options.quiclens, scenario, case.family,
                              preferred="preferred" in case.features)
                trouble = self.fetch(net, case, folder, list(files), over)
        left, right = (capture.Capture(path, keys, self.materials.work, self.root)
                       for path in (recording.left, recording.right))
        evidence = judge.Evidence(left, right, downloads, files)
        try:
            for check in case.checks:
                check(evidence)
        except judge.Failed as reason:
            try:
                judge.blame(evidence)
            except judge.ServerFailed as cause:
                raise judge.ServerFailed(f"{reason}: {cause}") from reason
            raise type(reason)(f"{reason}{trouble}") from reason

    def fetch(self, net, case, folder, names, over):
        """What the client complained of: a hint where a case fails, nothing more."""
        end = time.monotonic() + case.seconds
        asked = [["-o", name, f"https://{network.HOST}:{network.PORT}/{name}"] for name in names]
        common = ["--cacert", self.materials.authority, "--resolve",
                  f"{network.HOST}:{network.PORT}:{network.RELAY[case.family]}", "--keys",
                  folder / "keys.log", "-sS", "--output-dir", folder / "downloads",
                  "--connect-timeout", case.seconds, "--idle-timeout", case.seconds]
        if over != "h3":
            common += ["--alpn", over]
        calls = [([self.options.quiclens, "get", *common, *step], None)
                 for step in case.steps(asked, folder=folder)]
        if self.options.other_client:
            calls = [other_client.command(case, folder, names)]
        said = []
        for words, environment in calls:
            left = end - time.monotonic()
            if left <= 0:
                break
            client = net.start(net.client, words, env=environment, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
            try:
                _, words = client.communicate(timeout=left)
                said += words.decode(errors="replace").splitlines()
            except subprocess.TimeoutExpired:
                said.append(f"no end within {case.seconds} s")
                network.ended(client)
        (folder / "client.log").write_text("\n".join(said), encoding="utf-8")
        return f" ({said[0]})" if said else ""

