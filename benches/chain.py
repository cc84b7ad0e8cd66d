#!/usr/bin/env python3
"""Times an examination of a healthy repository against a chain of curl calls that takes the same dependent steps.

    benches/chain.py target/release/hfdoctor target/debug/hfdoctor-lab [RTT in milliseconds] [runs]

Two network namespaces are joined by a pair of TUN devices whose packets this program passes on, each after half of the
round-trip time: no kernel module is needed for it. In the far one stand a name server and a Hub, in the near one run, in
turn, the program and the chain: HEAD on a file's resolve URL (name lookup, TCP, TLS 1.3, request), then one byte from
where it redirects to (the same four again). Needs root, iproute2, nftables, dnsmasq and curl. No packet leaves the
namespaces.
"""

import fcntl
import heapq
import json
import os
import pathlib
import select
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

HUB, CDN, XET, GATEWAY, NEAR = "18.164.174.23", "18.164.174.24", "18.164.174.25", "10.54.0.1", "10.54.0.2"
REPOSITORY, FILE = "acme/open", "model.safetensors"
STATE = f"""
[[repo]]
id = "{REPOSITORY}"
files = {{ "config.json" = "{{}}\\n", "{FILE}" = {{ size = 300000, lfs = true }} }}
"""


def run(*words):
    subprocess.run(words, check=True)


def ip(text):
    run("ip", *text.split())


def open_tun(name):
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    # TUNSETIFF with IFF_TUN and IFF_NO_PI.
    fcntl.ioctl(descriptor, 0x400454CA, struct.pack("16sH22x", name.encode(), 0x1001))
    return descriptor


def pass_on(one, other, seconds):
    """Passes packets between two devices, each after a time."""
    waiting, number = [], 0
    while True:
        left = max(0.0, waiting[0][0] - time.monotonic()) if waiting else 1.0
        readable, _, _ = select.select([one, other], [], [], left)
        now = time.monotonic()
        for source in readable:
            try:
                packet = os.read(source, 65536)
            except OSError:
                continue
            number += 1
            heapq.heappush(waiting, (now + seconds, number, other if source == one else one, packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, target, packet = heapq.heappop(waiting)
            try:
                os.write(target, packet)
            except OSError:
                pass


def main():
    doctor, lab = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
    round_trip = float(sys.argv[3]) / 1000 if len(sys.argv) > 3 else 0.1
    runs = int(sys.argv[4]) if len(sys.argv) > 4 else 9
    near, far = f"hfd-bench-{os.getpid()}-near", f"hfd-bench-{os.getpid()}-far"
    etc = pathlib.Path("/etc/netns") / near
    folder = pathlib.Path(tempfile.mkdtemp())
    running = []
    try:
        for namespace in (near, far):
            ip(f"netns add {namespace}")
            ip(f"-n {namespace} link set lo up")
        devices = []
        for namespace, device, address in ((near, "hfdtun0", NEAR), (far, "hfdtun1", GATEWAY)):
            devices.append(open_tun(device))
            ip(f"link set {device} netns {namespace}")
            ip(f"-n {namespace} address add {address}/24 dev {device}")
            ip(f"-n {namespace} link set {device} up")
        ip(f"-n {near} route add default via {GATEWAY}")
        for address in (HUB, CDN, XET):
            ip(f"-n {far} address add {address}/32 dev lo")
        threading.Thread(target=pass_on, args=(*devices, round_trip / 2), daemon=True).start()

        (folder / "state.toml").write_text(STATE)
        within_far, within_near = ["ip", "netns", "exec", far], ["ip", "netns", "exec", near]
        hub = subprocess.Popen(
            [*within_far, lab, str(folder / "state.toml")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        running.append(hub)
        hub_says = json.loads(hub.stdout.readline())
        run(*within_far, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet")
        run(*within_far, "nft", "table ip world {\nchain way {\ntype nat hook prerouting priority dstnat;\n"
            f"tcp dport 443 dnat to 127.0.0.1:{hub_says['port']}\n}}\n}}\n")
        running.append(subprocess.Popen([
            *within_far, "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
            "--user=root", "--pid-file=", "--bind-interfaces", f"--listen-address={GATEWAY}", "--local=/#/",
            f"--address=/huggingface.co/{HUB}", f"--address=/cdn.hf.co/{CDN}", f"--address=/xethub.hf.co/{XET}",
        ], stderr=subprocess.DEVNULL))
        time.sleep(0.5)
        etc.mkdir(parents=True)
        (etc / "resolv.conf").write_text(f"nameserver {GATEWAY}\n")
        (etc / "hosts").write_text("127.0.0.1 localhost\n")
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "SSL_CERT_FILE": hub_says["ca_file"]}
        url = f"https://huggingface.co/{REPOSITORY}/resolve/main/{FILE}"
        chain = (f"to=$(curl -sSI -o /dev/null -w '%{{redirect_url}}' --tlsv1.3 {url}) && "
                 "curl -sS -o /dev/null -r 0-0 --tlsv1.3 \"$to\"")

        def timed(*command):
            began = time.monotonic()
            done = subprocess.run([*within_near, *command], env=environment, cwd=folder, capture_output=True, text=True)
            seconds = time.monotonic() - began
            if done.returncode:
                sys.exit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
            return seconds, done.stdout

        times = {"curl": [], "hfdoctor": []}
        for number in range(runs + 1):
            for name, command in (("curl", ("sh", "-c", chain)), ("hfdoctor", (doctor, "--json", REPOSITORY))):
                seconds, output = timed(*command)
                # The first of each warms the page cache.
                if number:
                    times[name].append(seconds)
        for name, seconds in times.items():
            print(f"{name:9} median {statistics.median(seconds) * 1000:.0f} ms, "
                  f"from {min(seconds) * 1000:.0f} to {max(seconds) * 1000:.0f} ms in {len(seconds)} runs")
        ratio = statistics.median(times["hfdoctor"]) / statistics.median(times["curl"])
        print(f"hfdoctor takes {ratio:.3f} times the chain at a round-trip time of {round_trip * 1000:.0f} ms")
        print(json.dumps({check["name"]: check["seconds"] for check in json.loads(output)["checks"]}))
    finally:
        for process in running:
            process.kill()
            process.wait()
        for namespace in (near, far):
            subprocess.run(["ip", "netns", "delete", namespace], stderr=subprocess.DEVNULL)
        shutil.rmtree(etc, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
