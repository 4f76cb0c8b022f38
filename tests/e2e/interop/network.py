# SPDX-License-Identifier: GPL-2.0-or-later
"""Three network namespaces in a row, client - relay - server, and what is recorded at both ends."""
import os
import re
import signal
import subprocess
import time

TIMEOUT = 30
PORT = 443
PREFERRED_PORT = 4443
MTU = 1500

CLIENT = {4: "10.77.0.2", 6: "fd77:0::2"}
RELAY = {4: "10.77.0.1", 6: "fd77:0::1"}
"""Where the relay listens for the client."""
NEAR = {4: ["10.77.1.1", "10.77.1.11", "10.77.1.12", "10.77.1.13"],
        6: ["fd77:1::1", "fd77:1::11", "fd77:1::12", "fd77:1::13"]}
"""What the server may take for the client's addresses; the first to begin with."""
SERVER = {4: "10.77.1.2", 6: "fd77:1::2"}
PREFERRED = {4: "10.77.2.2", 6: "fd77:2::2"}
"""The server's other address; the relay listens there, too, at the client's side."""
HOST = "server.test"


def run(*command, check=True):
    return subprocess.run([str(word) for word in command], check=check, timeout=TIMEOUT,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)


def ended(process, number=signal.SIGTERM, seconds=10):
    """Ends a process that was started here. Its exit status."""
    if process.poll() is None:
        process.send_signal(number)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait(seconds)


def remove_leftovers():
    """Namespaces of runs that were killed, with the processes in them."""
    for name in run("ip", "netns", "list").stdout.decode().split():
        owner = re.fullmatch(r"ql(\d+)n\d+[crs]", name)
        if not owner or os.path.exists(f"/proc/{owner[1]}"):
            continue
        for pid in run("ip", "netns", "pids", name, check=False).stdout.split():
            os.kill(int(pid), signal.SIGKILL)
        run("ip", "netns", "delete", name, check=False)


class Network:
    """The namespaces, as a context. Names are this process's own, so that several may run."""

    def __init__(self, number):
        tag = f"ql{os.getpid()}n{number}"
        self.client, self.relay, self.server = (f"{tag}{end}" for end in "crs")
        self.processes = []

    def inside(self, space, *command, check=True):
        return run("ip", "netns", "exec", space, *command, check=check)

    def link(self, one, other, name_one, name_other):
        """A pair of devices that carry each datagram by itself, also where the sender uses GSO."""
        run("ip", "link", "add", name_one, "netns", one, "mtu", MTU, "type", "veth", "peer", "name",
            name_other, "netns", other, "mtu", MTU)
        for space, name in (one, name_one), (other, name_other):
            self.inside(space, "ethtool", "-K", name, "tx-udp-segmentation", "off", "gro", "off",
                        "gso", "off", "tso", "off")
            self.inside(space, "ip", "link", "set", name, "up")

    def address(self, space, device, *addresses):
        for each in addresses:
            bits = ["/64", "nodad"] if ":" in each else ["/24"]
            self.inside(space, "ip", "address", "add", each + bits[0], *bits[1:], "dev", device)

    def __enter__(self):
        try:
            self.build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def build(self):
        for space in self.client, self.relay, self.server:
            run("ip", "netns", "add", space)
            self.inside(space, "ip", "link", "set", "lo", "up")
            self.inside(space, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0",
                        "net.core.rmem_max=8388608", "net.core.wmem_max=8388608", check=False)
        self.link(self.client, self.relay, "right", "left")
        self.link(self.relay, self.server, "right", "left")
        self.address(self.client, "right", *CLIENT.values())
        self.address(self.relay, "left", *RELAY.values())
        self.address(self.relay, "right", *NEAR[4], *NEAR[6])
        self.address(self.server, "left", *SERVER.values())
        for family, flag in (4, "-4"), (6, "-6"):
            self.inside(self.client, "ip", flag, "route", "add", "default", "via", RELAY[family])
            self.inside(self.server, "ip", flag, "route", "add", "default", "via", NEAR[family][0])
        self.prefer()

    def prefer(self):
        """The preferred address is both the server's and the relay's own. What the relay sends there
        must go out instead of to itself, and what comes from there must be let in."""
        self.inside(self.relay, "sysctl", "-qw", "net.ipv4.conf.right.accept_local=1",
                    "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.right.rp_filter=0")
        for family, flag, bits in (4, "-4", 32), (6, "-6", 128):
            address = f"{PREFERRED[family]}/{bits}"
            for space in self.relay, self.server:
                self.inside(space, "ip", flag, "address", "add", address, "dev", "lo",
                            *(["nodad"] if family == 6 else []))
            self.inside(self.relay, "ip", flag, "route", "add", address, "via", SERVER[family],
                        "dev", "right", "src", NEAR[family][0], "table", "77")
            self.inside(self.relay, "ip", flag, "rule", "add", "pref", "10", "lookup", "local")
            self.inside(self.relay, "ip", flag, "rule", "add", "pref", "5", "to", address, "iif",
                        "lo", "lookup", "77")
            self.inside(self.relay, "ip", flag, "rule", "del", "pref", "0")

    def start(self, space, command, **more):
        """A process in a namespace; it ends with the network, at the latest."""
        process = subprocess.Popen(["ip", "netns", "exec", space, *map(str, command)],
                                   stdin=subprocess.DEVNULL, **more)
        self.processes.append(process)
        return process

    def wait_for_udp(self, space, port, process, protocol=4):
        """Until a program listens on that UDP port, with IPv4 or IPv6."""
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            if process.poll() is not None:
                raise RuntimeError(f"{process.args[4:]} ended with {process.returncode}")
            listed = self.inside(space, "cat", "/proc/net/udp" + ("6" if protocol == 6 else ""))
            if f":{port:04X} " in listed.stdout.decode():
                return
            time.sleep(0.05)
        raise RuntimeError(f"{process.args[4:]} does not listen on {port}")

    def __exit__(self, *_):
        for process in reversed(self.processes):
            ended(process, seconds=5)
        for space in self.client, self.relay, self.server:
            run("ip", "netns", "delete", space, check=False)


class Recording:
    """Both ends' datagrams, as a context: left is the client's end, right is the server's."""

    def __init__(self, network, folder):
        self.network = network
        self.left = folder / "left.pcap"
        self.right = folder / "right.pcap"
        self.folder = folder
        self.started = []

    def __enter__(self):
        for space, device, path in ((self.network.client, "right", self.left),
                                    (self.network.server, "left", self.right)):
            log = open(path.with_suffix(".log"), "wb")
            with log:
                process = self.network.start(
                    space, ["tcpdump", "-Z", "root", "-i", device, "-s", "0", "-B", "32768", "-U",
                            "--immediate-mode", "-w", path, "udp"], stdout=log, stderr=log)
            self.started.append(process)
        end = time.monotonic() + TIMEOUT
        while not all(path.exists() and path.stat().st_size >= 24
                      for path in (self.left, self.right)):
            if time.monotonic() > end:
                raise RuntimeError("tcpdump does not start")
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        time.sleep(0.3)
        for process in self.started:
            ended(process, signal.SIGINT)


class Relay:
    """quiclens relay between the two, with a scenario; a second one where the server prefers to be
    talked to."""

    def __init__(self, network, folder, quiclens, scenario, family, preferred=False):
        self.scenario = scenario
        pairs = [(f"{RELAY[family]}", f"{SERVER[family]}", PORT)]
        if preferred:
            # Named, they would be refused: that is where the relay itself listens.
            pairs += [(anywhere, PREFERRED[each], PREFERRED_PORT)
                      for each, anywhere in ((4, "0.0.0.0"), (6, "::"))]
        for number, (listen, server, port) in enumerate(pairs):
            listen, server = (f"[{each}]" if ":" in each else each for each in (listen, server))
            with open(folder / f"relay{number}.out", "wb") as out:
                process = network.start(
                    network.relay, [quiclens, "relay", "--listen", f"{listen}:{port}", "--to",
                                    f"{server}:{port}", "--log", folder / f"relay{number}.jsonl",
                                    *(["--scenario", scenario] if scenario else [])],
                    stdout=out, stderr=out)
            network.wait_for_udp(network.relay, port, process, 6 if "[" in listen else 4)
