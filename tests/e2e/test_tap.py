#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests here say of themselves: those that were skipped hide none that were run."""
import subprocess
import sys
import unittest

import origin_support as support


class Sample(unittest.TestCase):
    def test_a(self):
        pass

    def test_b(self):
        self.skipTest("there is no b")

    def test_c(self):
        self.fail("c")

    def test_d(self):
        with self.subTest("one"):
            self.skipTest("there is no one")
        with self.subTest("two"):
            pass


class Tap(unittest.TestCase):
    def run_sample(self, *names):
        return subprocess.run([sys.executable, __file__, "run", *(f"Sample.{n}" for n in names)],
                              capture_output=True, text=True, timeout=60, check=False)

    def test_some_were_skipped(self):
        ran = self.run_sample("test_a", "test_b")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(ran.stdout.splitlines(),
                         ["ok 1 - __main__.Sample.test_a",
                          "ok 2 - __main__.Sample.test_b # SKIP there is no b"])

    def test_all_were_skipped(self):
        self.assertEqual(self.run_sample("test_b").returncode, support.SKIPPED)

    def test_some_failed(self):
        ran = self.run_sample("test_b", "test_c")
        self.assertEqual(ran.returncode, 1)
        self.assertIn("not ok 2 - __main__.Sample.test_c", ran.stdout)

    def test_a_part_was_skipped(self):
        ran = self.run_sample("test_d")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(ran.stdout, "ok 1 - __main__.Sample.test_d\n")


if __name__ == "__main__":
    support.run_tests(sys.argv[2:] if sys.argv[1:2] == ["run"] else ["Tap", *sys.argv[1:]])
