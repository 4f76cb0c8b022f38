#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures in which bytes were changed: no crash, no hang, no report of a sanitizer.

usage: run_damaged.py --plugin FILE [--preload FILE] [--seeds N] [--rates R,R] [CAPTURE...]
       run_damaged.py --plugin FILE --preload FILE --seeds 20      all of it, an hour

editcap changes each byte of a capture with a probability of RATE. With the plugin, tshark then does at
once all that the plugin has to offer, and for one seed of four also the trees of everything, in one pass
and in two. Captures are those of tests/captures unless some are named; editcap takes none that hold
their secrets. Only a plugin that was built with the sanitizers can tell all that this is after.
"""
import argparse
import itertools
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys

from run_golden import CAPTURES, NOBODY, Tshark

CPU_SECONDS = 120  # of the processor: more is a hang
TREE_EVERY = 4     # seeds
CONTEXT = 4000     # bytes of output that are shown with a fault
REPORTS = ("requests", "cids", "paths", "connections", "doctor", "tree", "table,requests",
           "table,connections", "table,cids", "table,paths")
FAULT = re.compile(rb"AddressSanitizer|LeakSanitizer|runtime error:|DEADLYSIGNAL"
                   rb"|Dissector bug, protocol quiclens|CRITICAL \*\*")


def limit_time():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


def everything(tshark):
    """Arguments for all that needs no tree of its own."""
    arguments = ["-q", "-z", "flow,quiclens,standard",
                 "--export-objects", f"quiclens,{tshark.home}/objects",
                 "-z", f"quiclens,json,{tshark.home}/objects/json"]
    for report in REPORTS:
        arguments += ["-z", f"quiclens,{report}"]
    # Before 4.4 tshark has only connections to follow, later streams of them.
    streams = (",0", ",4") if float(tshark.version) >= 4.4 else ("", "")
    arguments += ["-z", f"follow,quiclens,ascii,0{streams[0]}"]
    arguments += ["-z", f"follow,quiclens,hex,0{streams[1]}"]
    return arguments


def clear(folder):
    for path in folder.iterdir():
        path.unlink()


class Damage:
    """One capture, changed by a seed."""

    def __init__(self, tshark, capture):
        self.tshark, self.capture = tshark, capture
        self.changed = tshark.home / "changed"
        self.secrets = []
        keys, copy = capture.with_suffix(".keys"), tshark.home / "keys"
        if keys.exists():
            shutil.copy(keys, copy)
            copy.chmod(0o644)
            self.secrets = ["-o", f"tls.keylog_file:{copy}"]

    def change(self, rate, seed):
        # editcap refuses to write over what is there.
        self.changed.unlink(missing_ok=True)
        subprocess.run(["editcap", "--seed", str(seed), "-E", str(rate), self.capture, self.changed],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.changed.chmod(0o644)

    def fault_of(self, arguments):
        """What went wrong, and the text around it; None when nothing did."""
        identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        run = subprocess.run(
            [self.tshark.path, "-n", "-r", self.changed, *self.secrets, *arguments],
            cwd=self.tshark.home, env=self.tshark.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=limit_time, check=False,
            **identity)
        clear(self.tshark.home / "objects")
        if run.returncode < 0:
            return f"signal {-run.returncode}", run.stdout[-CONTEXT:]
        found = FAULT.search(run.stdout)
        if found:
            near = run.stdout[max(0, found.start() - CONTEXT // 8):found.start() + CONTEXT]
            return found[0].decode(), near
        end = run.stdout[-CONTEXT:]
        return None if run.returncode == 0 else (f"exit status {run.returncode}", end)


def check(damage, rate, seed, keep):
    """How many runs, how many of them went wrong."""
    damage.change(rate, seed)
    ways = [everything(damage.tshark)]
    if seed % TREE_EVERY == 1:
        ways += [["-V"], ["-2", "-V", "-x"]]
    faults = 0
    for way in ways:
        fault = damage.fault_of(way)
        if fault is None:
            continue
        faults += 1
        print(f"{damage.capture.name}, rate {rate}, seed {seed}, {' '.join(way[:3])}: {fault[0]}",
              flush=True)
        sys.stdout.write(fault[1].decode(errors="replace") + "\n")
        if keep:
            shutil.copy(damage.changed, keep / f"{damage.capture.stem}-{rate}-{seed}.pcap")
    return len(ways), faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plugin", required=True, help="the built quiclens.so")
    parser.add_argument("--preload", help="the sanitizer's library, for a plugin that was built with it")
    parser.add_argument("--seeds", type=int, default=1, help="how often each capture is changed")
    parser.add_argument("--rates", default="0.02,0.002", help="of bytes that are changed")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for captures that went wrong")
    parser.add_argument("captures", nargs="*", help="names in tests/captures; else all")
    options = parser.parse_args()
    chosen = [CAPTURES / name for name in options.captures] or sorted(CAPTURES.glob("*.pcap"))
    runs = faults = 0
    tshark = Tshark(options.plugin, options.preload)
    try:
        for seed, rate, capture in itertools.product(range(1, options.seeds + 1),
                                                     options.rates.split(","), chosen):
            more, wrong = check(Damage(tshark, capture), rate, seed, options.keep)
            runs, faults = runs + more, faults + wrong
    finally:
        tshark.close()
    print(f"{len(chosen)} captures, {runs} runs of Wireshark {tshark.version}, {faults} went wrong")
    return 0 if faults == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
