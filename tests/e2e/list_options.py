#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hold the README's tables of options against the help texts of the program.

usage: list_options.py [--update] --quiclens FILE
"""
import argparse
import difflib
import os
import pathlib
import re
import subprocess
import sys

README = pathlib.Path(__file__).resolve().parent.parent.parent / "README.md"
COMMANDS = ("get", "serve", "relay")
BEGIN, END = "<!-- options of {} -->\n", "<!-- end of options of {} -->\n"
GROUP = re.compile(r"^(\S.*):$")
OPTION = re.compile(r"^  ((?:-\S, )?--\S+(?: \S+)?)(?:  +(.*))?$")
SOURCE = re.compile(r" \(((?:RFC|draft)[^()]*)\)$")


def options(text):
    """(heading, option, sentence) of a help text that was written without breaks."""
    heading, lines = None, text.splitlines()
    for number, line in enumerate(lines):
        if GROUP.match(line):
            heading = GROUP.match(line)[1]
        elif heading and (found := OPTION.match(line)):
            yield heading, found[1], found[2] or lines[number + 1].strip()


def cell(text):
    return text.replace("|", "\\|")


def table(quiclens, command):
    run = subprocess.run([quiclens, command, "--help"], capture_output=True, text=True, check=True,
                         env={**os.environ, "COLUMNS": "65535"})
    rows, last = ["| | option | what | source |\n", "| --- | --- | --- | --- |\n"], None
    for heading, option, sentence in options(run.stdout):
        if heading == "Help":
            continue
        source = SOURCE.search(sentence)
        what = sentence[:source.start()] if source else sentence
        rows.append(f"| {heading if heading != last else ''} | `{cell(option)}` | {cell(what)} | "
                    f"{source[1] if source else ''} |\n")
        last = heading
    return "".join(rows)


def with_tables(readme, quiclens):
    for command in COMMANDS:
        begin, end = BEGIN.format(command), END.format(command)
        if begin in readme:
            head, rest = readme.split(begin)
            readme = head + begin + table(quiclens, command) + end + rest.split(end)[1]
        else:
            sys.exit(f"{README.name} has no line {begin.strip()}")
    return readme


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="write the tables anew")
    parser.add_argument("--quiclens", required=True, help="the built program")
    arguments = parser.parse_args()
    have = README.read_text()
    want = with_tables(have, arguments.quiclens)
    if arguments.update:
        README.write_text(want)
    print("1..1")
    if have == want or arguments.update:
        print("ok 1 - README lists the options of the help texts")
        return 0
    print("not ok 1 - README lists the options of the help texts")
    for line in difflib.unified_diff(have.splitlines(), want.splitlines(), "README.md", "--help",
                                     lineterm="", n=0):
        print("# " + line)
    print("# tests/e2e/list_options.py --update writes them anew")
    return 1


if __name__ == "__main__":
    sys.exit(main())
