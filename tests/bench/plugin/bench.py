#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the plugin adds to the work of tshark: time of the processor, and memory.

usage: bench.py all --quiclens FILE --plugin FILE
       bench.py make --folder FOLDER --quiclens FILE
       bench.py run --folder FOLDER --plugin FILE

"make" makes captures, "run" reads each with and without the plugin in turns, so that "run" can be where
another Wireshark is installed; "all" does both in a folder that is removed at the end. README.md beside
this file says more.
"""
import argparse
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

import captures

SIZES = (20000, 200000, 1000000)
FAMILIES = ("long", "short")
NOBODY = 65534
CPU_MINUTES = 10  # a reading that takes more of the processor is given up


def limit_time():
    # Of the two, the soft limit has the signal that the other does not have.
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_MINUTES * 60, CPU_MINUTES * 60 + 10))


class Tshark:
    """tshark with a home of its own, in which the plugin is the only one, or none is."""

    def __init__(self, plugin):
        self.path = shutil.which(os.environ.get("QUICLENS_TSHARK", "tshark"))
        if self.path is None:
            sys.exit("bench.py: there is no tshark; install it or set QUICLENS_TSHARK")
        said = subprocess.run([self.path, "--version"], stdout=subprocess.PIPE, check=True,
                              stderr=subprocess.DEVNULL, timeout=60).stdout.decode()
        self.version = re.search(r"\d+\.\d+\.\d+", said)[0]
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="quiclens-bench-"))
        self.home.chmod(0o755)
        for name in ("with", "without"):
            (self.home / name / self.version.rpartition(".")[0] / "epan").mkdir(parents=True)
        shutil.copy(plugin, self.plugins(True) / self.version.rpartition(".")[0] / "epan")
        # Wireshark passes over plugins of its own folder when root runs it.
        self.identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []} \
            if os.geteuid() == 0 else {}

    def plugins(self, with_plugin):
        return self.home / ("with" if with_plugin else "without")

    def measure(self, capture, keys, with_plugin):
        """(seconds of the processor, bytes of memory at the most) of one reading, or None."""
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                       "WIRESHARK_PLUGIN_DIR": str(self.plugins(with_plugin))}
        # io,stat has every packet dissected and asks for no tree.
        process = subprocess.Popen(
            [self.path, "-n", "-q", "-z", "io,stat,0", "-o", f"tls.keylog_file:{keys.resolve()}",
             "-r", capture.resolve()], env=environment, cwd=self.home, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, preexec_fn=limit_time, **self.identity)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode == -signal.SIGXCPU:
            return None
        if process.returncode != 0:
            sys.exit(f"bench.py: tshark failed on {capture} ({process.returncode})")
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024

    def close(self):
        shutil.rmtree(self.home)


def best_of(tshark, capture, keys, repeats):
    """The least of several turns: [(seconds, bytes) without, (seconds, bytes) with], or None."""
    best = [None, None]
    for _ in range(repeats):
        for which in (0, 1):
            new = tshark.measure(capture, keys, which == 1)
            if new is None:
                return None
            best[which] = new if best[which] is None else tuple(map(min, best[which], new))
    return best


def row(tshark, options, started, capture, keys, size):
    best = best_of(tshark, capture, keys, options.repeats)
    if best is None:
        return f"   Wireshark itself takes more than {CPU_MINUTES} minutes"
    seconds, memory = ([(best[which][what] - started[which][what]) / size for which in (0, 1)]
                       for what in (0, 1))
    return (f"   {seconds[0] * 1e6:10.2f}{(seconds[1] - seconds[0]) * 1e6:+14.2f}"
            f"   {memory[0]:10.0f}{memory[1] - memory[0]:+12.0f}")


def model_speed(model, capture, keys):
    said = subprocess.run([model, capture, keys], stdout=subprocess.PIPE, check=True, text=True,
                          timeout=600).stdout
    return f"   {said.split()[0]:>10}"


def run(options):
    tshark = Tshark(options.plugin)
    print(f"Wireshark {tshark.version}, best of {options.repeats}")
    print(f"{'':17}   {'us of CPU a packet':^24}   {'bytes a packet':^22}")
    print(f"{'family':8}{'packets':>9}   {'Wireshark':>10}{'the plugin':>14}   "
          f"{'Wireshark':>10}{'the plugin':>12}" + ("   model, packets/s" if options.model else ""))
    try:
        # What tshark needs to start is not a matter of packets.
        keys = captures.captures(options.folder, options.families[0], options.sizes)[0][2]
        started = best_of(tshark, options.empty, keys, 3 * options.repeats)
        for family in options.families:
            for size, capture, keys in captures.captures(options.folder, family, options.sizes):
                line = f"{family:8}{size:>9}" + row(tshark, options, started, capture, keys, size)
                if options.model:
                    line += model_speed(options.model, capture, keys)
                print(line, flush=True)
    finally:
        tshark.close()


def empty_capture(folder):
    """One packet: what tshark needs before there are more."""
    empty = folder / "one.pcapng"
    if not empty.exists():
        first = next(folder.glob("*-*.pcapng"))
        captures.run("editcap", "-r", first, empty, "1")
        empty.chmod(0o644)
    return empty


def numbers(text):
    return tuple(sorted(int(part) for part in text.split(",")))


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("all", "make", "run"))
    parser.add_argument("--folder", type=pathlib.Path, help="where the captures are or will be")
    parser.add_argument("--quiclens", help="the built client, to make captures with")
    parser.add_argument("--plugin", help="the built quiclens.so")
    parser.add_argument("--model", help="the built bench_capture_speed: the model is measured, too")
    parser.add_argument("--sizes", type=numbers, default=SIZES, help="packets, with commas")
    parser.add_argument("--families", type=lambda text: text.split(","), default=FAMILIES)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    if options.command != "run" and options.quiclens is None:
        parser.error("making captures needs --quiclens")
    if options.command != "make" and options.plugin is None:
        parser.error("measuring needs --plugin")
    if options.command != "all" and options.folder is None:
        parser.error("--folder is needed: without it nothing would be left")
    return options


def work(options):
    if options.command != "run":
        captures.make(options.quiclens, options.folder, options.families, options.sizes)
    options.empty = empty_capture(options.folder)
    if options.command != "make":
        run(options)


def main():
    options = parse()
    if options.folder is not None:
        work(options)
        return
    # Not /tmp, which may be in memory: the largest captures have 1.5 GB each.
    with tempfile.TemporaryDirectory(prefix="quiclens-bench-", dir="/var/tmp") as folder:
        options.folder = pathlib.Path(folder)
        options.folder.chmod(0o755)
        work(options)


if __name__ == "__main__":
    main()
