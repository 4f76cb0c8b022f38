#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quiclens get beside the clients that people use, on the same servers, in the same run.

Needs root, for a network namespace of its own and for the root with other programs that
tests/e2e/interop/make_root makes. Runs are interleaved; what is shown is the median.

    ninja bench_client
    tests/bench/client/compare.py --quiclens build/release/client/quiclens --root make --tasks GET \\
        --measure build/release/tests/bench/client/bench_measure --repeats 9
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

import clients
import runner
import network
import servers

SPACE = f"qlbench{os.getpid()}"
MB = 1_000_000
REALTIME, REALTIME_PRIORITY = ("chrt", "--fifo"), "20"


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quiclens", required=True, type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("--measure", required=True, type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("--root", help='a root of make_root, or "make" to make or find it')
    parser.add_argument("--servers", default="gtlsserver,caddy")
    parser.add_argument("--clients", help="some of them, separated by semicolons")
    parser.add_argument("--tasks", help="words that a task's name begins with, separated by semicolons")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--realtime", action="store_true",
                        help="servers and clients go ahead of whatever else the machine does")
    parser.add_argument("--results", type=pathlib.Path, help="each run goes there, as JSON lines")
    return parser.parse_args(arguments)


def make_files(work):
    documents = work / "www"
    (documents / "small").mkdir(parents=True)
    with open(documents / "big", "wb") as big:
        for _ in range(200):
            big.write(os.urandom(MB))
    for number in range(clients.SMALL_COUNT):
        (documents / "small" / str(number)).write_bytes(os.urandom(200))
    (work / "upload").write_bytes(os.urandom(50 * MB))
    network.HOST = clients.HOST
    runner.make_certificate(work, "authority", None)
    runner.make_certificate(work, "leaf", "authority", leaf=True)


class Space:
    """A namespace with a loopback and a server in it, as a context."""

    def __init__(self, work, server, realtime):
        self.work, self.server, self.realtime = work, server, realtime
        self.process = None

    def __enter__(self):
        network.run("ip", "netns", "add", SPACE)
        network.run("ip", "netns", "exec", SPACE, "ip", "link", "set", "lo", "up")
        folder = self.work / self.server.name
        folder.mkdir(exist_ok=True)
        network.PORT = clients.PORT
        setup = servers.Setup(self.work, folder, self.work / "www", self.work / "leaf.pem",
                              self.work / "leaf.key")
        setup.address = setup.bracketed = "127.0.0.1"
        holder = network.Network.__new__(network.Network)
        holder.processes, holder.server = [], SPACE
        self.server.start(holder, setup)
        self.process = holder.processes[0]
        if self.realtime:
            network.run(*REALTIME, "--all-tasks", "--pid", REALTIME_PRIORITY, str(self.process.pid))
        return self

    def __exit__(self, *_):
        if self.process:
            network.ended(self.process)
        network.run("ip", "netns", "delete", SPACE)


def measured(options, work, client, task):
    """What one run took; None where it failed."""
    result = work / "result.json"
    ahead = (*REALTIME, REALTIME_PRIORITY) if options.realtime else ()
    done = subprocess.run(["ip", "netns", "exec", SPACE, *ahead, str(options.measure), str(result),
                           *client.command(task)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=600, check=False)
    (work / "session.pcapng").unlink(missing_ok=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode(errors="replace"))
    taken = json.loads(result.read_text(encoding="ascii"))
    return taken if taken["status"] == 0 else None


def compare(options, work, server, everyone, task):
    """Runs in turn, so that what else the machine does strikes all alike."""
    runs = {client.name: [] for client in everyone}
    for repeat in range(options.repeats):
        order = everyone[repeat % len(everyone):] + everyone[:repeat % len(everyone)]
        for client in order:
            if repeat > 0 and (task in client.once or not runs[client.name]):
                continue
            taken = measured(options, work, client, task)
            if taken is None:
                continue
            runs[client.name].append(taken)
            if options.results:
                with open(options.results, "a", encoding="utf-8") as out:
                    out.write(json.dumps({"server": server.name, "task": task, "client": client.name,
                                          **taken}) + "\n")
    return runs


def show(server, task, runs):
    def median(name, what):
        return statistics.median(run[what] for run in runs[name])
    done = [name for name in runs if runs[name]]
    peers = [name for name in done if not name.startswith(("quiclens", clients.Write.name))]
    best = {what: min((median(name, what) for name in peers), default=0) for what in ("wall", "cpu")}
    print(f"\n{task}, {server.name}\n{'':20}{'wall s':>9}{'to best':>9}{'CPU s':>9}{'to best':>9}"
          f"{'peak MB':>9}")
    for name in runs:
        if name not in done:
            print(f"{name:20}   failed")
            continue
        wall, cpu = median(name, "wall"), median(name, "cpu")
        ratios = [f"{value / best[what]:9.2f}" if best[what] else f"{'':9}"
                  for what, value in (("wall", wall), ("cpu", cpu))]
        print(f"{name:20}{wall:9.3f}{ratios[0]}{cpu:9.3f}{ratios[1]}"
              f"{median(name, 'memory') / MB:9.1f}", flush=True)


def run_all(options, work):
    make_files(work)
    everyone = clients.available(options, work)
    if options.clients:
        everyone = [client for client in everyone if client.name in options.clients.split(";")]
    known = {server.name: server for server in servers.available(options.root)}
    for name in options.servers.split(","):
        with Space(work, known[name], options.realtime):
            for task in clients.TASKS:
                if options.tasks and not task.startswith(tuple(options.tasks.split(";"))):
                    continue
                if task == clients.UPLOAD and name.startswith("caddy"):
                    continue  # its file server refuses an upload before it is over
                able = [client for client in everyone if task in client.tasks]
                show(known[name], task, compare(options, work, known[name], able, task))


def main():
    options = options_of(sys.argv[1:])
    if os.geteuid() != 0:
        sys.exit("it needs root")
    if options.root == "make":
        script = pathlib.Path(runner.__file__).with_name("make_root")
        options.root = subprocess.run([script], stdout=subprocess.PIPE,
                                      check=True).stdout.decode().split()[-1]
    work = pathlib.Path(tempfile.mkdtemp(prefix="quiclens-bench-"))
    try:
        run_all(options, work)
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
