"""A network that leads nowhere and notes who is asked: `watched_network.py REPORT COMMAND...`.

It must be started in network and mount namespaces of its own (`unshare --net --mount`). There it
makes an address with a route to everywhere, answers each name with "does not exist", and notes all
names and all addresses to which a packet goes. REPORT gets them as JSON when the command ends.

It uses nothing but Python's standard library, `mount`, and a kernel with loopback.
"""

import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

DNS_PORT = 53
IPV4, ANY_PROTOCOL = 0x0800, 0x0003
CARD = b"lo"
CARD_NAME = ctypes.create_string_buffer(CARD)
# From Linux' sockios.h, if.h and route.h.
SIOCADDRT, SIOCSIFFLAGS, SIOCSIFADDR = 0x890B, 0x8914, 0x8916
IFF_UP, RTF_UP = 1, 1
LOOPBACK = 127
LAST_ADDRESS = "203.0.113.99"  # packets are seen in their order: after one to it, all were seen
FILES = {
    "/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
    "/etc/nsswitch.conf": "hosts: files dns\n",
}


def make_network() -> None:
    """Loopback with an address of its own, to which all of the Internet leads."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        up = struct.pack("16sH22x", CARD, IFF_UP)
        fcntl.ioctl(control, SIOCSIFFLAGS, up)
        address = struct.pack("16s16s8x", CARD + b":1", pack_address("192.0.2.1"))
        fcntl.ioctl(control, SIOCSIFADDR, address)
        fcntl.ioctl(control, SIOCADDRT, pack_default_route())


def pack_address(address: str) -> bytes:
    """A `struct sockaddr_in`."""
    return struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))


def pack_default_route() -> bytes:
    """A `struct rtentry`: everything that has no other way goes to the card."""
    everywhere = pack_address("0.0.0.0")
    name = ctypes.addressof(CARD_NAME)
    head = (0, everywhere, everywhere, everywhere, RTF_UP, 0, 0, 0, 0, name)
    return struct.pack("@L16s16s16sHhLPhPLLH0L", *head, 0, 0, 0)


def use_own_resolver() -> None:
    for place, text in FILES.items():
        with tempfile.NamedTemporaryFile("w", delete=False) as file:
            file.write(text)
        Path(file.name).chmod(0o644)
        subprocess.run(["mount", "--bind", file.name, os.path.realpath(place)], check=True)


def note_names(names: set[str]) -> None:
    """A name server that knows no name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", DNS_PORT))
        threading.Thread(target=answer_for_ever, args=(server.dup(), names), daemon=True).start()


def answer_for_ever(server: socket.socket, names: set[str]) -> None:
    while True:
        question, client = server.recvfrom(512)
        names.add(read_name(question))
        header = question[:2] + b"\x81\x83" + question[4:6] + b"\0" * 6
        server.sendto(header + question[12:], client)


def read_name(question: bytes) -> str:
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode("ascii", "replace"))
        at += question[at] + 1
    return ".".join(labels)


def note_addresses(addresses: set[str]) -> None:
    card = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ANY_PROTOCOL))
    card.bind((CARD.decode(), ANY_PROTOCOL))
    threading.Thread(target=watch_for_ever, args=(card, addresses), daemon=True).start()


def watch_for_ever(card: socket.socket, addresses: set[str]) -> None:
    while True:
        packet, (_, protocol, *_) = card.recvfrom(2048)
        if protocol == IPV4 and packet[16] != LOOPBACK:
            addresses.add(socket.inet_ntoa(packet[16:20]))


def wait_for_last(addresses: set[str]) -> None:
    """Until all packets of the command are noted."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        while LAST_ADDRESS not in addresses:
            sender.sendto(b"last", (LAST_ADDRESS, 9))
            time.sleep(0.01)


def main() -> None:
    report, *command = sys.argv[1:]
    names: set[str] = set()
    addresses: set[str] = set()
    make_network()
    use_own_resolver()
    note_names(names)
    note_addresses(addresses)
    code = subprocess.run(command, check=False).returncode
    wait_for_last(addresses)
    asked = addresses - {LAST_ADDRESS}
    Path(report).write_text(json.dumps({"names": sorted(names), "addresses": sorted(asked)}))
    sys.exit(code)


if __name__ == "__main__":
    main()
