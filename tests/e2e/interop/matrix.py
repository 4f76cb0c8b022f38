# SPDX-License-Identifier: GPL-2.0-or-later
"""The matrix case x server: on the terminal, in a file of results, in the README."""
import json
import re

import cases
import servers

BEGIN = "<!-- interop matrix -->"
END = "<!-- end of interop matrix -->"
SIGNS = {"passed": "yes", "failed": "**no**", "server": "server", "unsupported": "-"}
WORDS = {"failed": "fails", "server": "is wrong in", "unsupported": "does not support"}


class Matrix:
    """verdicts: {server: {"version": text, "cases": {case: verdict as a dictionary}}}"""

    def __init__(self, path=None):
        self.path = path
        self.servers = {}
        if path and path.exists():
            self.servers = json.loads(path.read_text(encoding="utf-8"))

    def add(self, server, version, case, verdict):
        entry = self.servers.setdefault(server, {"cases": {}})
        self.servers = {name: self.servers[name] for name in servers.NAMES if name in self.servers}
        entry["version"] = version
        entry["cases"][case] = verdict._asdict()
        if self.path:
            self.path.write_text(json.dumps(self.servers, indent=1) + "\n", encoding="utf-8")

    def rows(self):
        """A list a case: its name, then a sign a server. "h3" marks what ran over HTTP/3."""
        for each in cases.CASES:
            row = [each.name]
            for entry in self.servers.values():
                verdict = entry["cases"].get(each.name)
                sign = SIGNS[verdict["outcome"]] if verdict else ""
                if verdict and verdict["outcome"] != "unsupported" and verdict["over"] == "h3":
                    sign += " (h3)"
                row.append(sign)
            yield row

    def heads(self):
        return ["case", *(f"{name} {entry['version']}" for name, entry in self.servers.items())]

    def reasons(self):
        """A line for each cell that did not pass; servers in order, equal reasons together."""
        for name, entry in self.servers.items():
            why = {}
            for each in cases.CASES:
                verdict = entry["cases"].get(each.name)
                if verdict and verdict["outcome"] != "passed":
                    why.setdefault((verdict["outcome"], verdict["why"]), []).append(each.name)
            for (outcome, reason), names in why.items():
                yield f"{name} {WORDS[outcome]} {', '.join(names)}: {reason}"

    def text(self):
        table = [self.heads(), *self.rows()]
        widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                 for row in table]
        return "\n".join([*lines, "", *self.reasons()])

    def markdown(self):
        lines = [f"| {' | '.join(self.heads())} |", f"| {' | '.join('---' for _ in self.heads())} |"]
        lines += [f"| {' | '.join(row)} |" for row in self.rows()]
        lines += ["", *(f"- {line}" for line in self.reasons())]
        return "\n".join(lines)

    def update(self, readme):
        """Puts it between the markers of that page."""
        text = readme.read_text(encoding="utf-8")
        pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
        if not re.search(pattern, text, re.DOTALL):
            raise SystemExit(f"{readme} has no markers {BEGIN} and {END}")
        new = f"{BEGIN}\n{self.markdown()}\n{END}"
        readme.write_text(re.sub(pattern, lambda _: new, text, flags=re.DOTALL), encoding="utf-8")
