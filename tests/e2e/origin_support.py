# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of the origin and of the demo share: the program, a home of its own, a server."""
import argparse
import collections
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

TIMEOUT = 60
NOBODY = 65534

SKIPPED = 77
"""The exit status of tests that cannot be run here, none of them."""

PATTERN = bytes((i * 7 + i // 256) & 0xFF for i in range(1024 * 1024))
"""What /1m.bin of the built-in pages holds."""


for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)  # programs in the background of a script inherit other ways


OPTION = re.compile(r"^  (?:(-\S), )?(--[\w-]+)(?: ([^ \n]+))?", re.MULTILINE)
"""In a help text: its short name, its name and what it takes."""

Option = collections.namedtuple("Option", "short name value")

IGNORED = os.environ.get("QUICLENS_IGNORED", "").split()
"""A command and its option that the program is never to be told, as if it ignored it: then the
tests that prove this option have to fail. ignored_options.py makes use of it."""


@functools.lru_cache(maxsize=None)
def options_of(quiclens, command):
    """The options of a command of the program, by their long names."""
    text = subprocess.run([quiclens, command, "--help"], stdout=subprocess.PIPE, check=True,
                          timeout=TIMEOUT, env={**os.environ, "COLUMNS": "65535"}).stdout.decode()
    return {option.name: option for option in map(Option._make, OPTION.findall(text))}


def is_used(option, word):
    """Whether a word of a command line is this option, with or without its value."""
    return word.split("=")[0] == option.name or bool(option.short and word[:2] == option.short)


def without(option, words):
    """A command line that does not have this option."""
    rest = iter(words)
    for word in rest:
        if not is_used(option, word):
            yield word
        elif option.value and word in (option.name, option.short):
            next(rest, None)


def proves(*names, of="get"):
    """Marks the test that shows what these options of a command do. It fails if it ends without
    having run the program with each of them; tested_options.py counts on that."""
    def mark(test):
        @functools.wraps(test)
        def checked(case):
            case.home.ran.clear()
            test(case)
            options = options_of(case.home.quiclens, of)
            words = [word for line in case.home.ran if line[0] == of for word in line]
            for name in names:
                if not any(is_used(options[name], word) for word in words):
                    raise AssertionError(f"{of} {name} was not used by any call of the program")
        return checked
    return mark


class Home:
    """A folder that is the home of those who run the program, and is gone in the end."""

    def __init__(self, options):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="quiclens-e2e-"))
        self.path.chmod(0o777)
        self.quiclens = self.path / "quiclens"
        shutil.copy(options.quiclens, self.quiclens)
        self.environment = {"HOME": str(self.path), "PATH": os.environ["PATH"],
                            "LC_ALL": "C.UTF-8", "TZ": "UTC",
                            "XDG_CACHE_HOME": str(self.path / "cache"), "TERM": "dumb"}
        self.identity = {}
        self.ran = []  # what the program was run with, a list of words a call
        if options.plugin:
            self.add_plugin(options)
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                self.environment.setdefault(name, os.environ[name])

    def add_plugin(self, options):
        """The plugin as the only one. Run as root, Wireshark passes over it: nobody runs it then."""
        tshark = shutil.which(os.environ.get("QUICLENS_TSHARK", "tshark"))
        if tshark is None:
            sys.exit("there is no tshark; install it or set QUICLENS_TSHARK")
        said = subprocess.run([tshark, "--version"], stdout=subprocess.PIPE, check=True,
                              stderr=subprocess.DEVNULL, timeout=TIMEOUT).stdout.decode()
        folder = self.path / "plugins" / re.search(r"\d+\.\d+", said)[0] / "epan"
        folder.mkdir(parents=True)
        shutil.copy(options.plugin, folder / "quiclens.so")
        programs = self.path / "bin"
        programs.mkdir()
        preload = f"LD_PRELOAD={options.preload} ASAN_OPTIONS=detect_leaks=0 " \
            if options.preload else ""
        script = programs / "tshark"
        script.write_text(f'#!/bin/sh\n{preload}exec {tshark} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
        self.environment["PATH"] = f"{programs}:{os.environ['PATH']}"
        self.environment["WIRESHARK_PLUGIN_DIR"] = str(self.path / "plugins")
        if os.geteuid() == 0:
            self.identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []}

    def folder(self, name):
        """A new folder for one test."""
        path = self.path / name
        path.mkdir()
        path.chmod(0o777)
        return path

    def command(self, *arguments):
        """The command line; it counts as one that was run."""
        words = [str(word) for word in arguments]
        self.ran.append(words)
        if IGNORED and IGNORED[0] in words[:1]:
            words = without(options_of(self.quiclens, IGNORED[0])[IGNORED[1]], words)
        return [str(self.quiclens), *words]

    def start(self, *arguments, cwd=None, stdin=subprocess.DEVNULL, **more):
        return subprocess.Popen(self.command(*arguments), cwd=cwd or self.path,
                                env=self.environment, stdin=stdin, **self.identity, **more)

    def run(self, *arguments, cwd=None, environment=None, timeout=TIMEOUT):
        return subprocess.run(self.command(*arguments), cwd=cwd or self.path,
                              env={**self.environment, **(environment or {})},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=timeout, check=False,
                              **self.identity)

    def remove(self):
        shutil.rmtree(self.path)


class Server:
    """quiclens serve on a free port, as a context."""

    def __init__(self, home, *arguments, listen="127.0.0.1:0"):
        self.home = home
        self.process = home.start("serve", "--listen", listen, *arguments,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        first = self.process.stdout.readline().decode()
        found = re.search(r" at (https://(\S+):(\d+))/", first)
        if found is None:
            self.process.kill()
            raise AssertionError(f"serve says {first!r}, {self.process.communicate()}")
        self.url = found[1]
        self.port = int(found[3])
        second = self.process.stdout.readline().decode()
        self.certificate = re.search(r"Its certificate is (\S+);", second)[1]

    def __enter__(self):
        return self

    def rest_of_start(self):
        """What it says further, before anybody came."""
        lines = []
        while not lines or not lines[-1].startswith("Ctrl-C"):
            lines.append(self.process.stdout.readline().decode())
        return "".join(lines)

    def next_request(self):
        """The line of the next request, once it is answered."""
        line = self.process.stdout.readline().decode()
        while line and " -> " not in line:
            line = self.process.stdout.readline().decode()
        return line

    def get(self, *arguments, **more):
        """quiclens get, trusting this server. Paths become URLs."""
        urls = [self.url + a if isinstance(a, str) and a.startswith("/") else a for a in arguments]
        return self.home.run("get", "--cacert", self.certificate, *urls, **more)

    def stop(self, number=signal.SIGTERM):
        """Its exit status, and the lines that it printed of requests."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=TIMEOUT)
        if err:
            sys.stderr.write(err.decode(errors="replace"))
        return self.process.returncode, out.decode().splitlines()

    def __exit__(self, *_):
        if self.process.poll() is None:
            status, _ = self.stop()
            assert status == 0, f"serve exited with {status}"
        self.process.stdout.close()
        self.process.stderr.close()


def first_flight(home):
    """The datagrams with which quiclens get begins."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(TIMEOUT)
        client = home.start("get", "-k", f"https://127.0.0.1:{sock.getsockname()[1]}/",
                            stderr=subprocess.DEVNULL)
        flight = [sock.recv(65536) for _ in range(2)]
        client.kill()
        client.wait(TIMEOUT)
    return flight


def report(home, capture):
    """What the plugin says of a capture: its lines of JSON, read."""
    path = home.path / "report.json"
    subprocess.run(["tshark", "-r", str(capture), "-z", f"quiclens,json,{path}", "-Q"],
                   env=home.environment, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=TIMEOUT,
                   **home.identity)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Case(unittest.TestCase):
    """A test with a home."""
    options = None

    @classmethod
    def setUpClass(cls):
        cls.home = Home(cls.options)

    @classmethod
    def tearDownClass(cls):
        cls.home.remove()

    def assert_done(self, result):
        self.assertEqual(result.returncode, 0, result.stderr.decode(errors="replace"))


class TapResult(unittest.TextTestResult):
    """Says on standard output, as TAP, what became of each test, and why one was skipped."""

    def startTest(self, test):
        super().startTest(test)
        self.before = len(self.failures) + len(self.errors)
        self.skipped_before = len(self.skipped)

    def reason(self):
        """Why the whole test was skipped, not a part of it; None: it was not."""
        for test, reason in self.skipped[self.skipped_before:]:
            if not hasattr(test, "test_case"):
                return reason
        return None

    def stopTest(self, test):
        super().stopTest(test)
        failed = len(self.failures) + len(self.errors) > self.before
        reason = self.reason()
        skipped = "" if reason is None else f" # SKIP {reason}"
        print(f"{'not ok' if failed else 'ok'} {self.testsRun} - {test.id()}{skipped}", flush=True)


def run_tests(arguments):
    """Runs the tests of the main module and ends the program: SKIPPED if none was run."""
    runner = unittest.TextTestRunner(verbosity=2, resultclass=TapResult)
    result = unittest.main(argv=[sys.argv[0], *arguments], testRunner=runner, exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    skipped = {test.id() for test, _ in result.skipped if not hasattr(test, "test_case")}
    sys.exit(SKIPPED if skipped and result.testsRun <= len(skipped) else 0)


def main():
    """To be called by each test's own main."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quiclens", required=True, help="the program")
    parser.add_argument("--plugin", help="quiclens.so")
    parser.add_argument("--preload", help="what has to be there before the plugin is")
    options, rest = parser.parse_known_args()
    Case.options = options
    run_tests(rest)
