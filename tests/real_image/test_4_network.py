"""The image as its neighbours in the network see it: five ports, and an SSH without a weakness."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real_image.booted import CARD, THERE, ImageContainer, run

PORTS = {22, 80, 443, 8080, 8443}
PAGE = 8443
SOME_PORT = 4711
BURST = 10  # new connections of one sender to SSH
# Fast, since what is closed does not answer at all.
SCAN = ("nmap", "-Pn", "-n", "-oG", "-", "--min-rate", "4000")
LISTEN = "import socket, time; s = socket.create_server(('', {port})); time.sleep(600)"


@pytest.fixture(scope="module")
def cable(begun: ImageContainer) -> Iterator[str]:
    """The near end of a cable into the container, which listens on one port more."""
    end = begun.plug_cable()
    begun.run("systemd-run", "--unit=listener", "python3", "-c", LISTEN.format(port=SOME_PORT))
    begun.wait_for(lambda: f":{SOME_PORT} " in begun.ask("ss", "-ltn"), 20, "the listener")
    yield end
    begun.run("systemctl", "stop", "listener")


def find_open(*words: str) -> set[int]:
    """Ports that answer, of what nmap prints."""
    ports: list[str] = re.findall(r"(\d+)/open/", run(*SCAN, *words))
    return set(map(int, ports))


def test_five_tcp_ports_answer_and_no_other_though_a_program_listens(cable: str) -> None:
    assert find_open("-p-", "--max-retries", "1", THERE) == PORTS


def test_no_udp_port_answers(cable: str, begun: ImageContainer) -> None:
    assert find_open("-sU", "-p-", "--max-retries", "0", THERE) == set()
    assert begun.ask("ss", "-Hlun") == ""


def test_the_same_holds_for_ipv6(cable: str, begun: ImageContainer) -> None:
    shown = begun.ask("ip", "-6", "-brief", "address", "show", CARD)
    address = shown.split()[2].partition("/")[0]
    ports = ",".join(map(str, (*range(1, 1024), *PORTS, SOME_PORT)))
    slowly = ("--min-rate", "200", "--max-retries", "2")
    assert find_open("-6", "-p", ports, *slowly, f"{address}%{cable}") == PORTS


def test_who_tries_ssh_again_and_again_is_cut_off_and_the_page_is_not(cable: str) -> None:
    tried = [answers(22) for _ in range(3 * BURST)]
    assert not all(tried)
    assert answers(PAGE)


def answers(port: int) -> bool:
    try:
        socket.create_connection((THERE, port), timeout=0.3).close()
    except OSError:
        return False
    return True


def test_ssh_audit_has_nothing_to_say(cable: str, begun: ImageContainer) -> None:
    # The tests before have used up what one sender may.
    begun.run("systemctl", "restart", "nftables")
    words = (sys.executable, "-m", "ssh_audit", "--json", THERE)
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    found = json.loads(done.stdout)
    parts = [one for part in ("kex", "key", "enc", "mac") for one in found[part]]
    assert len(parts) > 5
    noted = {one["algorithm"]: one["notes"] for one in parts}
    assert [name for name, notes in noted.items() if {"fail", "warn"} & notes.keys()] == []


def test_ssh_takes_a_key_alone_and_the_technician_alone(begun: ImageContainer) -> None:
    lines = begun.ask("sshd", "-T", "-C", "user=technician,host=x,addr=10.0.0.1").splitlines()
    assert {
        "passwordauthentication no",
        "kbdinteractiveauthentication no",
        "permitrootlogin no",
        "authenticationmethods publickey",
        "allowusers technician",
    } <= set(lines)


def test_the_technician_logs_in_and_gives_orders_as_root(
    cable: str, begun: ImageContainer, tmp_path: Path
) -> None:
    begun.run("systemctl", "restart", "nftables")
    no_host_keys = ("-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={tmp_path}/known")
    words = ("ssh", "-i", begun.key, "-o", "BatchMode=yes", *no_host_keys)
    assert run(*words, f"technician@{THERE}", "id -un; sudo id -un").split() == [
        "technician",
        "root",
    ]
    refused = subprocess.run((*words, f"root@{THERE}", "true"), capture_output=True, check=False)
    assert refused.returncode == 255
