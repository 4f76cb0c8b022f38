#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each test that proves an option fails where the program ignores that option. This runs all of
them, each once an option, with the option left out of what the program is told: some minutes, so
that it is run by hand when options or their tests have changed.

usage: ignored_options.py --quiclens FILE [--plugin FILE] [COMMAND[:--OPTION]...]
"""
import argparse
import os
import subprocess
import sys

import origin_support as support
import tested_options

SECONDS = 300


def status_without(proof, option, arguments):
    """The exit status of the test without the option; None: it does not end."""
    command = [sys.executable, "-B", proof.path, *arguments, "-k", f"*.{proof.test}"]
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=SECONDS, check=False, env={
                                  **os.environ, "QUICLENS_IGNORED": f"{proof.command} {option}"
                              }).returncode
    except subprocess.TimeoutExpired:
        return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quiclens", required=True)
    parser.add_argument("--plugin")
    parser.add_argument("only", nargs="*", metavar="COMMAND[:--OPTION]")
    options = parser.parse_args()
    arguments = ["--quiclens", options.quiclens]
    if options.plugin:
        arguments += ["--plugin", options.plugin]
    number, failed = 0, False
    for proof in tested_options.all_proofs():
        for option in proof.options:
            wanted = {proof.command, f"{proof.command}:{option}"} & set(options.only)
            if not wanted and options.only:
                continue
            number += 1
            status = status_without(proof, option, arguments)
            failed |= status not in (1, support.SKIPPED)
            result = "not ok" if status not in (1, support.SKIPPED) else "ok"
            skipped = " # SKIP" if status == support.SKIPPED else ""
            print(f"{result} {number} - {proof.path.name} {proof.test} notices that {proof.command} "
                  f"ignores {option}{skipped}", flush=True)
    print(f"1..{number}")
    sys.exit(1 if failed or number == 0 else 0)


if __name__ == "__main__":
    main()
