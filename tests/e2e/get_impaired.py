#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quiclens get --impair: what it does to packets, what its capture says of it, and what the kernel
sees of it. It takes a network namespace of its own, for which it has to be root."""
import re

import origin_support as support
import peers
from kernel_capture import Tcpdump, datagrams, enter_namespace


def comments(capture):
    """(sender, number): what happened, of each packet that has a comment."""
    found = {}
    for row in peers.tshark(capture, "-Y", "frame.comment", "-T", "fields", "-e", "frame.comment"):
        sender, number = re.match(r"(client|server) packet (\d+): ", row).groups()
        found[sender, int(number)] = row.partition(": ")[2]
    return found


class Impaired(peers.Case):
    def session(self, impairment, *urls, kernel=False):
        """A session through a bad network that ends well; its captures, own and kernel's."""
        folder = self.home.folder(f"{self.id()}-{len(list(self.home.path.iterdir()))}")
        own, theirs = folder / "own.pcapng", folder / "kernel.pcap"
        with self.start(peers.Gtlsserver) as server:
            self.port = str(server.port)
            arguments = ["--impair", impairment, "--capture", own,
                         *(f"{server.url}/{url}" for url in urls)]
            if kernel:
                with Tcpdump(theirs, server.port):
                    done = self.get(*arguments)
            else:
                done = self.get(*arguments)
            self.assert_done(done)
            self.assertEqual(done.stdout, b"".join(self.files[url] for url in urls))
        return own, theirs

    @support.proves("--impair")
    def test_numbers_are_dropped_and_marked(self):
        own, _ = self.session("drop=client:2,4-5 drop=server:3", "file-1", "1m")
        dropped = "dropped (its number is on the list)"
        self.assertEqual(comments(own), {("client", 2): dropped, ("client", 4): dropped,
                                         ("client", 5): dropped, ("server", 3): dropped})
        rows = peers.tshark(own, "-T", "fields", "-e", "udp.dstport", "-e", "frame.comment")
        sent = [row.split("\t")[1] for row in rows if row.split("\t")[0] == self.port]
        self.assertEqual([i + 1 for i, comment in enumerate(sent) if comment], [2, 4, 5])

    def test_all_can_be_had_by_number(self):
        own, _ = self.session("corrupt=client:3 duplicate=server:2 reorder=client:4 reorder-by=3ms",
                              "1m")
        self.assertRegex(comments(own)["client", 3], r"^corrupted \(byte \d+, ")
        self.assertEqual(comments(own)["server", 2], "duplicated")
        self.assertEqual(comments(own)["client", 4], "held back for 3 ms; delayed for 3.000 ms")
        self.assertEqual(len(comments(own)), 3)

    def test_the_same_seed_does_the_same(self):
        rules = "drop-rate=8 duplicate-rate=8 corrupt-rate=client:4 reorder-rate=8 seed=5"
        first, second = (comments(self.session(rules, "1m")[0]) for _ in range(2))
        self.assertGreater(len(first), 20)
        for sender in ("client", "server"):
            # The last ones may have been on their way when the connection was over.
            last = min(max(number for who, number in each if who == sender)
                       for each in (first, second)) * 3 // 4
            what = [{key: [word.split(" (")[0] for word in text.split("; ")
                           if "delayed" not in word]
                     for key, text in each.items() if key[0] == sender and key[1] <= last}
                    for each in (first, second)]
            self.assertEqual(what[0], what[1])

    def test_the_section_says_the_seed(self):
        own, _ = self.session("drop-rate=1", "file-1")
        self.assertRegex(own.read_bytes(), rb"--impair drop-rate=1 .*\nseed of the bad network: \d+")

    def test_packets_are_delayed(self):
        own, _ = self.session("delay=client:20ms delay=server:7ms", "file-1")
        found = comments(own)
        times = {sender: {text for (who, _), text in found.items() if who == sender}
                 for sender in ("client", "server")}
        self.assertEqual(times["client"], {"delayed for 20.000 ms"})
        for text in times["server"]:
            self.assertGreaterEqual(float(text.split()[2]), 7)

    def test_a_narrow_link_loses_what_has_no_room(self):
        own, _ = self.session("bandwidth=server:2Mbit queue=5", "1m")
        self.assertIn("dropped (the queue is full)", comments(own).values())

    def test_the_kernel_sees_all_but_what_was_lost(self):
        own, kernel = self.session("drop-rate=30 seed=2", "file-80", "file-70", kernel=True)
        lost = [row.startswith(("client", "server")) for row in peers.tshark(
            own, "-T", "fields", "-e", "frame.comment")]
        ours, theirs = datagrams(own), datagrams(kernel)
        self.assertEqual(len(ours), len(lost))
        self.assertGreater(sum(lost), 10)
        sent = [row for row, gone in zip(ours, lost) if row[3] == self.port and not gone]
        self.assertEqual(sent, [row for row in theirs if row[3] == self.port])
        received = [row for row in ours if row[2] == self.port]
        came = [row for row in theirs if row[2] == self.port]
        self.assertEqual(received, came[:len(received)])
        self.assertLessEqual(len(came) - len(received), 40)

    def test_a_corrupted_byte_is_the_one_that_is_named(self):
        own, kernel = self.session("corrupt-rate=client:20 seed=4", "file-80", "file-70",
                                   kernel=True)
        ours = [row for row in datagrams(own) if row[3] == self.port]
        theirs = [row for row in datagrams(kernel) if row[3] == self.port]
        self.assertEqual(len(ours), len(theirs))
        found = comments(own)
        for number, (sent, seen) in enumerate(zip(ours, theirs), 1):
            before, after = sent[-1], seen[-1]
            changed = [f"corrupted (byte {i}, 0x{was:02x} to 0x{now:02x})"
                       for i, (was, now) in enumerate(zip(before, after)) if was != now]
            self.assertEqual("; ".join(changed), found.get(("client", number), ""))
        self.assertGreater(len(found), 2)

    @support.proves("--impair-file")
    def test_a_scenario_can_be_in_a_file(self):
        path = self.home.path / "scenario"
        path.write_text("drop=client:1 # the first\n", encoding="ascii")
        own = self.home.path / "file.pcapng"
        with self.start(peers.Gtlsserver) as server:
            self.assert_done(self.get("--impair-file", path, "--capture", own,
                                      f"{server.url}/file-1"))
        self.assertEqual(list(comments(own)), [("client", 1)])

    def test_what_makes_no_sense_is_refused(self):
        for bad, words in (("drop-rate=101", ["drop-rate=101", "percent"]),
                           ("rebind=1s", ["rebinding", "quiclens relay"]),
                           ("bogus=1", ["bogus"])):
            self.assert_failed(self.get("--impair", bad, "https://localhost:1/"), *words, status=2)


if __name__ == "__main__":
    enter_namespace()
    peers.main()
