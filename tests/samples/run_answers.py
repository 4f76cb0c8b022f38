#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Prove the answers of a lesson: run each tshark command of its answers.md and compare what it prints.

usage: run_answers.py [--update] --plugin FILE [--preload FILE] FOLDER

In answers.md each fenced block that begins with ```console holds commands, "$ tshark ...", and below each
of them what it prints. The commands name the lesson's files as a reader would, who stands in its folder.
--update writes what they print now into answers.md.
"""
import argparse
import pathlib
import re
import shlex
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "golden"))
from run_golden import Tshark  # noqa: E402


def commands_of(text):
    """(line number, command, expected output) of every command in the console blocks."""
    found, inside = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            found.append([number, line[2:], []])
        elif inside and found:
            found[-1][2].append(line)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plugin", required=True, type=pathlib.Path)
    parser.add_argument("--preload")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("folder", type=pathlib.Path)
    options = parser.parse_args()

    answers = (options.folder / "answers.md").read_text(encoding="utf-8")
    questions = re.findall(r"^\d+\. ", (options.folder / "worksheet.md").read_text(encoding="utf-8"),
                           re.MULTILINE)
    commands = commands_of(answers)
    if len(re.findall(r"^## \d+\. ", answers, re.MULTILINE)) != len(questions) or not commands:
        sys.exit(f"{options.folder}: the worksheet has {len(questions)} questions, and each needs its answer")

    tshark = Tshark(options.plugin, options.preload)
    wrong, changed = 0, {}
    try:
        for capture in options.folder.glob("*.pcapng"):
            shutil.copy(capture, tshark.home)
            (tshark.home / capture.name).chmod(0o644)
        for number, command, expected in commands:
            words = shlex.split(command)
            if words[0] != "tshark":
                sys.exit(f"answers.md:{number}: only tshark commands can be proved, not {words[0]}")
            done = tshark.run(words[1:])
            printed = [line.rstrip() for line in done.stdout.decode().splitlines()]
            if options.update and done.returncode == 0:
                changed[number] = (len(expected), printed)
            elif done.returncode != 0 or printed != [line.rstrip() for line in expected]:
                wrong += 1
                print(f"answers.md:{number}: {command}\n  printed (exit status {done.returncode}):")
                print("\n".join("    " + line for line in printed))
    finally:
        tshark.close()
    lines = answers.splitlines()
    for number in sorted(changed, reverse=True):
        old, printed = changed[number]
        lines[number:number + old] = printed
    if changed:
        (options.folder / "answers.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(commands)} commands, {wrong} with another answer")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
