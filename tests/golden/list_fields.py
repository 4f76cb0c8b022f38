#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hold plugin/FIELDS.md, the table of all fields, against what the plugin registers.

usage: list_fields.py [--update] --plugin FILE [--preload FILE]
"""
import argparse
import difflib
import sys

from run_golden import HERE, Tshark

TABLE = HERE.parent.parent / "plugin" / "FIELDS.md"

HEAD = """\
<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
# Fields of quiclens

Names for display filters, columns and `tshark -T fields -e NAME`. All are generated: they stand for
what the model knows of a frame, not for bytes in it. `tests/golden/list_fields.py --update` writes
this table from what the plugin registers.

| name | type | what |
| --- | --- | --- |
"""

TYPES = {
    "FT_BOOLEAN": "boolean", "FT_BYTES": "bytes", "FT_FRAMENUM": "frame number",
    "FT_RELATIVE_TIME": "seconds", "FT_STRING": "text", "FT_NONE": "present or not",
}
FIELD, TITLE, NAME, TYPE, BLURB = 0, 1, 2, 3, 7


def type_of(name):
    return TYPES.get(name) or name.removeprefix("FT_").lower()


def row(columns):
    blurb = columns[BLURB] if len(columns) > BLURB else ""
    what = f"{columns[TITLE]}: {blurb}" if blurb else columns[TITLE]
    return f"| `{columns[NAME]}` | {type_of(columns[TYPE])} | {what.replace('|', chr(92) + '|')} |\n"


def table(tshark):
    run = tshark.start(["-G", "fields"])
    lines = (line.split("\t") for line in run.stdout.decode().splitlines())
    rows = {row(columns) for columns in lines
            if columns[FIELD] == "F" and columns[NAME].startswith("quiclens.")}
    return HEAD + "".join(sorted(rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="write the table anew")
    parser.add_argument("--plugin", required=True, help="the built quiclens.so")
    parser.add_argument("--preload", help="the sanitizer's library, for a plugin that was built with it")
    options = parser.parse_args()
    tshark = Tshark(options.plugin, options.preload)
    try:
        got = table(tshark)
    finally:
        tshark.close()
    if options.update:
        TABLE.write_text(got, encoding="utf-8")
        return 0
    expected = TABLE.read_text(encoding="utf-8")
    sys.stdout.writelines(difflib.unified_diff(
        expected.splitlines(True), got.splitlines(True), str(TABLE), f"Wireshark {tshark.version}"))
    return 0 if got == expected else 1


if __name__ == "__main__":
    sys.exit(main())
