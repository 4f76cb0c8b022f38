#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases of the quic-interop-runner with quiclens get and servers that other people made.

Needs root: each run makes network namespaces of its own. Most servers live in a root of Debian 14,
which "make_root" beside this file makes and prints; without --root, those of this machine are taken.

    tests/e2e/interop/run.py --quiclens build/release/client/quiclens --root make
    tests/e2e/interop/run.py --quiclens ... --servers gtlsserver --cases retry,v2 --keep /tmp/kept
    tests/e2e/interop/run.py --quiclens ... --root make --results all.json --update-readme
"""
import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

import cases
import matrix
import network
import other_client
import runner
import servers

SKIPPED = 77
HERE = pathlib.Path(__file__).resolve().parent
TOOLS = ("ip", "tcpdump", "ethtool", "tshark", "openssl", "unshare")


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quiclens", required=True, type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("--root", help='a root of make_root, or "make" to make or find it')
    parser.add_argument("--servers", help="some of them, separated by commas")
    parser.add_argument("--cases", help='some of them, "quick", or "none": show --results')
    parser.add_argument("--jobs", type=int, default=2, help="so many at once")
    parser.add_argument("--seed", type=int, default=1, help="of the relay")
    parser.add_argument("--keep", type=pathlib.Path, help="leave captures and logs in this folder")
    parser.add_argument("--evidence", type=pathlib.Path,
                        help="leave there, with their secrets, the captures of cases that did not pass")
    parser.add_argument("--unsupported", action="store_true",
                        help="try what a server is said not to support, too")
    parser.add_argument("--other-client", action="store_true",
                        help=f"with {other_client.NAME} instead of ours, where it needs no options: "
                        "whose fault is it?")
    parser.add_argument("--results", type=pathlib.Path, help="a file that is added to (JSON)")
    parser.add_argument("--update-readme", action="store_true", help="put the matrix there")
    return parser.parse_args(arguments)


def chosen(names, known, what):
    wanted = names.split(",") if names else list(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        sys.exit(f"there is no {what} {unknown[0]}; there are {', '.join(known)}")
    return [known[name] for name in wanted]


def run_all(options, work, root):
    known = {server.name: server for server in servers.available(root)}
    some = ",".join(cases.QUICK) if options.cases == "quick" else options.cases
    wanted = [] if some == "none" else chosen(some, {c.name: c for c in cases.CASES}, "case")
    plan = [(case, server) for case in wanted
            for server in chosen(options.servers, known, "server")]
    if options.other_client and not other_client.program():
        sys.exit(f"{other_client.NAME} is missing")
    versions = {server.name: server.version() for _, server in plan}
    table, lock = matrix.Matrix(options.results), threading.Lock()
    work_on = runner.Runner(options, root, runner.Materials(work))
    failed = 0

    def one(numbered):
        number, (case, server) = numbered
        verdict = work_on.run(number, case, server)
        with lock:
            table.add(server.name, versions[server.name], case.name, verdict)
            print(f"{server.name:11} {case.name:20} {verdict.outcome:12} {verdict.over:11}"
                  f"{verdict.seconds:6.1f} s  {verdict.why}", flush=True)
        return verdict.outcome == "failed"

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        failed = sum(pool.map(one, enumerate(plan)))
    print("\n" + table.text())
    if options.update_readme:
        table.update(HERE.parents[2] / "README.md")
    return failed


def main():
    options = options_of(sys.argv[1:])
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if os.geteuid() != 0 or missing:
        print(f"skipped: it needs root{' and ' if missing else ''}{', '.join(missing)}")
        sys.exit(SKIPPED)
    network.remove_leftovers()
    root = options.root
    if root == "make":
        root = subprocess.run([HERE / "make_root"], stdout=subprocess.PIPE,
                              check=True).stdout.decode().split()[-1]
    if options.keep:
        options.keep.mkdir(parents=True)
        work = options.keep.resolve()
    else:
        work = pathlib.Path(tempfile.mkdtemp(prefix="quiclens-interop-"))
    try:
        failed = run_all(options, work, root)
    finally:
        if not options.keep:
            shutil.rmtree(work)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
