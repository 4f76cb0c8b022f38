#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hold what tshark prints with the plugin against expected texts.

usage: run_golden.py [--update] --plugin FILE [--preload FILE] [NAME...]

The cases are the lines of cases.txt, which says what its columns mean. The expected text of a case is
expected/NAME.txt, the same for every version of Wireshark. tshark is the one that QUICLENS_TSHARK names,
else the one on the PATH. It runs in a folder of its own, with the plugin as its only one, no user's
preferences, and never as root, for whom Wireshark ignores plugins that are not installed.
"""
import argparse
import difflib
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CAPTURES = HERE.parent / "captures"
NOBODY = 65534
TIMEOUT = 60


class Case:
    def __init__(self, line):
        self.name, self.ways, self.view, self.capture, self.arguments = (
            column.strip() for column in line.split("|", 4))
        self.ways, _, self.since = self.ways.partition("@")
        self.expected = HERE / "expected" / f"{self.name}.txt"

    def is_for(self, version):
        def numbers(text):
            return [int(part) for part in text.split(".")]
        return not self.since or numbers(version) >= numbers(self.since)


def read_cases(names):
    lines = (HERE / "cases.txt").read_text(encoding="utf-8").splitlines()
    cases = [Case(line) for line in lines if line.strip() and not line.startswith("#")]
    unknown = set(names) - {case.name for case in cases}
    if unknown:
        sys.exit(f"run_golden.py: there is no case {', '.join(sorted(unknown))}")
    return [case for case in cases if not names or case.name in names]


class Tshark:
    """tshark in a folder of its own, which is the home of whoever runs it."""

    def __init__(self, plugin, preload):
        self.path = shutil.which(os.environ.get("QUICLENS_TSHARK", "tshark"))
        if self.path is None:
            sys.exit("run_golden.py: there is no tshark; install it or set QUICLENS_TSHARK")
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="quiclens-golden-"))
        self.home.chmod(0o777)
        version = subprocess.run([self.path, "--version"], stdout=subprocess.PIPE, check=True,
                                 stderr=subprocess.DEVNULL, timeout=TIMEOUT).stdout.decode()
        self.version = re.search(r"\d+\.\d+", version)[0]
        folder = self.home / "plugins" / self.version / "epan"
        folder.mkdir(parents=True)
        (self.home / "objects").mkdir()
        (self.home / "objects").chmod(0o777)
        shutil.copy(plugin, folder / "quiclens.so")
        self.environment = {
            "HOME": str(self.home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC",
            "WIRESHARK_PLUGIN_DIR": str(self.home / "plugins"),
        }
        if preload:
            self.environment.update(LD_PRELOAD=preload, ASAN_OPTIONS="detect_leaks=0")

    def file(self, name):
        """A capture or its keys, where tshark may read it."""
        copy = self.home / name
        if not copy.exists():
            shutil.copy(CAPTURES / name, copy)
            copy.chmod(0o644)
        return copy

    def run(self, arguments, stdin=None):
        return self.start(["-n", *arguments], stdin)

    def start(self, arguments, stdin=None):
        identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        return subprocess.run([self.path, *arguments], cwd=self.home, env=self.environment,
                              stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=TIMEOUT, check=False, **identity)

    def close(self):
        shutil.rmtree(self.home)


def objects(folder, capture):
    """The files that were exported, and whether one of the endpoints knows a body like it."""
    truth = (CAPTURES / capture).with_suffix(".truth.json").read_text(encoding="utf-8")
    lines = []
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        known = hashlib.sha256(content).hexdigest() in truth
        lines.append(f"{path.name} {len(content)} {'as sent' if known else 'not in the truth'}\n")
        path.unlink()
    return "".join(lines)


def arguments_of(case, tshark):
    capture = tshark.file(case.capture)
    keys = pathlib.Path(case.capture).with_suffix(".keys").name
    given = (CAPTURES / keys).exists()
    text = case.arguments.replace("{home}", str(tshark.home))
    if given:
        text = text.replace("{keys}", str(tshark.file(keys)))
    arguments = shlex.split(text)
    if given and "keylog_file" not in text:
        arguments += ["-o", f"tls.keylog_file:{tshark.file(keys)}"]
    return capture, arguments


UNITS = {"milli": 1e-3, "micro": 1e-6, "nano": 1e-9}


def in_seconds(text):
    """Since 4.6 the details of a frame give times in a fitting unit."""
    return re.sub(r"(\d+(?:\.\d+)?) (milli|micro|nano)seconds",
                  lambda time: f"{float(time[1]) * UNITS[time[2]]:.9f} seconds", text)


def only_our_tree(text):
    """The lines of our protocol in each frame's details; those of others change with the version."""
    kept, inside = [], False
    for line in in_seconds(text).splitlines():
        frame = re.match(r"(Frame|Packet) (\d+):", line)
        if frame:
            kept.append(f"Frame {frame[2]}")
        inside = line.startswith("[quiclens") or (inside and line.startswith(" "))
        if inside:
            kept.append(line)
    return "\n".join(kept) + "\n"


def only_our_layers(text):
    frames = []
    for packet in json.loads(text):
        ours = packet["_source"]["layers"].get("quiclens")
        if ours is not None:
            frames.append(json.dumps(ours, indent=1, ensure_ascii=False))
    return "\n".join(frames) + "\n"


def only_our_info(text):
    """What stands in the Info column ahead of Wireshark's own text."""
    frames = (re.match(r" *(\d+) +(.+) \| ", line) for line in text.splitlines())
    return "".join(f"{frame[1]} {frame[2]}\n" for frame in frames if frame)


def only_our_bytes(text):
    """Of the hex dumps those of packets that we opened; what others are called changes with the version."""
    views = (view for view in re.split(r"\n(?=\S.* \(\d+ bytes\):\n)", text))
    return "".join(view.rstrip("\n") + "\n" for view in views if "opened by quiclens" in view.split("\n")[0])


def as_values(text):
    """Since 4.2 a boolean is written as a word."""
    return re.sub(r"\bTrue\b", "1", re.sub(r"\bFalse\b", "0", text))


VIEWS = {
    "text": lambda text: text,
    "tree": only_our_tree,
    "bytes": only_our_bytes,
    "fields": as_values,
    "info": only_our_info,
    "layers": lambda text: as_values(only_our_layers(text)),
}


def shown(case, run, home):
    if run.returncode < 0:
        sys.exit(f"run_golden.py: {case.name}: tshark died of signal {-run.returncode}\n"
                 + run.stderr.decode(errors="replace"))
    if case.view == "objects":
        text = objects(home / "objects", case.capture)
    else:
        text = VIEWS[case.view](run.stdout.decode())
    complaints = run.stderr.decode()
    if complaints:
        text += f"-- on standard error --\n{complaints}"
    if run.returncode != 0:
        text += "-- and it failed --\n"
    return text.replace(str(home), "{home}")


def ways_of(case, tshark):
    """(what to call it, what tshark says) for each way in which the case is run."""
    capture, arguments = arguments_of(case, tshark)
    if "1" in case.ways:
        yield "one pass", tshark.run(["-r", capture, *arguments])
    if "2" in case.ways:
        yield "two passes", tshark.run(["-2", "-r", capture, *arguments])
    if "p" in case.ways:
        with subprocess.Popen(["cat", capture], stdout=subprocess.PIPE) as cat:
            yield "from a pipe", tshark.run(["-r", "-", *arguments], stdin=cat.stdout)


def check(case, tshark):
    good = True
    expected = case.expected.read_bytes().decode()
    for way, run in ways_of(case, tshark):
        got = shown(case, run, tshark.home)
        if got == expected:
            continue
        good = False
        print(f"{case.name}, {way}, Wireshark {tshark.version}:")
        sys.stdout.writelines(difflib.unified_diff(
            expected.splitlines(True), got.splitlines(True), "expected", "got"))
    return good


def update(case, tshark):
    _, run = next(ways_of(case, tshark))
    case.expected.parent.mkdir(exist_ok=True)
    case.expected.write_bytes(shown(case, run, tshark.home).encode())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="write the expected texts anew")
    parser.add_argument("--plugin", required=True, help="the built quiclens.so")
    parser.add_argument("--preload", help="the sanitizer's library, for a plugin that was built with it")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    tshark = Tshark(options.plugin, options.preload)
    try:
        cases = [case for case in read_cases(options.names) if case.is_for(tshark.version)]
        if options.update:
            for case in cases:
                update(case, tshark)
            return 0
        return 0 if all([check(case, tshark) for case in cases]) else 1
    finally:
        tshark.close()


if __name__ == "__main__":
    sys.exit(main())
