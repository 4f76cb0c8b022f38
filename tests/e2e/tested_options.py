#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each option of the help texts has a test that is marked as its own, which checks itself whether it
used the option.

usage: tested_options.py --quiclens FILE
"""
import argparse
import ast
import collections
import pathlib

import origin_support as support

HERE = pathlib.Path(__file__).resolve().parent
COMMANDS = ("get", "serve", "relay")
HELP = ("-h", "--help")

Proof = collections.namedtuple("Proof", "path test command options")


def proofs_in(path):
    """What @support.proves says of the tests in a program."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for test in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for mark in test.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "support.proves":
                command = next((word.value.value for word in mark.keywords), "get")
                yield Proof(path, test.name, command, [word.value for word in mark.args])


def all_proofs():
    return [proof for path in sorted(HERE.rglob("*.py")) for proof in proofs_in(path)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quiclens", required=True)
    program = parser.parse_args().quiclens
    proven = {(proof.command, name) for proof in all_proofs() for name in proof.options}
    number, failed = 0, False
    for command in COMMANDS:
        for name in support.options_of(program, command):
            number += 1
            tested = name in HELP or (command, name) in proven
            failed |= not tested
            print(f"{'ok' if tested else 'not ok'} {number} - {command} {name} has its test")
    print(f"1..{number}")
    raise SystemExit(1 if failed or number == 0 else 0)


if __name__ == "__main__":
    main()
