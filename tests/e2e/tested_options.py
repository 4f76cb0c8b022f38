#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each option of the help texts is used by a test that runs the program against a server.

usage: tested_options.py --quiclens FILE
"""
import argparse
import ast
import os
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
COMMANDS = ("get", "serve", "relay")
OPTION = re.compile(r"^  (?:(-\S), )?(--[\w-]+)", re.MULTILINE)
HELP = ("-h", "--help")


def words_of(path):
    """The words of all texts of a program, as they stand in a command line; and "--name" for
    "name=value", as options of an impairment stand in a scenario."""
    words = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for word in node.value.split():
                name, equals, _ = word.partition("=")
                words |= {word, name, f"--{name}" if equals else word}
    return words


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quiclens", required=True)
    program = parser.parse_args().quiclens
    words = set()
    for path in sorted(HERE.rglob("*.py")):
        if path.name not in ("list_options.py", pathlib.Path(__file__).name):
            words |= words_of(path)
    number, failed = 0, False
    for command in COMMANDS:
        text = subprocess.run([program, command, "--help"], capture_output=True, text=True,
                              check=True, env={**os.environ, "COLUMNS": "65535"}).stdout
        for short, name in OPTION.findall(text):
            number += 1
            tested = name in words or (short and short in words) or name in HELP
            failed |= not tested
            print(f"{'ok' if tested else 'not ok'} {number} - a test uses {command} {name}")
    print(f"1..{number}")
    raise SystemExit(1 if failed or number == 0 else 0)


if __name__ == "__main__":
    main()
