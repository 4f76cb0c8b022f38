#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each option of the help texts has its test: those of get one that is marked as theirs and checks
itself whether it used them, those of the others one that names them.

usage: tested_options.py --quiclens FILE
"""
import argparse
import ast
import pathlib

import origin_support as support

HERE = pathlib.Path(__file__).resolve().parent
HELP = ("-h", "--help")


def words_of(tree):
    """The words of all texts of a program, as they stand in a command line; and "--name" for
    "name=value", as options of an impairment stand in a scenario."""
    words = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for word in node.value.split():
                name, equals, _ = word.partition("=")
                words |= {word, name, f"--{name}" if equals else word}
    return words


def proven_by(tree):
    """What @support.proves says of the tests of a program."""
    return {word.value for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
            for mark in node.decorator_list
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "support.proves"
            for word in mark.args}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quiclens", required=True)
    program = parser.parse_args().quiclens
    words, proven = set(), set()
    for path in sorted(HERE.rglob("*.py")):
        if path.name not in ("list_options.py", pathlib.Path(__file__).name):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            words |= words_of(tree)
            proven |= proven_by(tree)
    number, failed = 0, False
    for command in ("get", "serve", "relay"):
        for name, short in support.options_of(program, command).items():
            number += 1
            tested = name in HELP or (name in proven if command == "get"
                                      else name in words or (short and short in words))
            failed |= not tested
            print(f"{'ok' if tested else 'not ok'} {number} - {command} {name} has its test")
    print(f"1..{number}")
    raise SystemExit(1 if failed or number == 0 else 0)


if __name__ == "__main__":
    main()
