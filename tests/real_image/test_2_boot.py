"""The first boot of an image, without settings: what runs, what can be written, what PID 1 says."""

import re

import pytest

from provisioning.image.root import HERE
from tests.real_image.booted import ImageContainer

pytestmark = pytest.mark.quick

OURS = "/etc/systemd/system"
WORST = 2.0
MORE = {
    "appliance-kiosk.service": 4.2,  # its own sandbox is made of what others may not
    # While the unit is set up: files are given to their owners, the key is made as its owner.
    "appliance-provision.service": 2.6,
    "appliance-provision-site.service": 2.6,
}
# Instances to look at, for the units that are started with a name.
INSTANCE = "gate"
SYSCTL = HERE / "files/usr/lib/sysctl.d/60-image.conf"
OWN_NETWORK = "net."  # a container's own, all others are this computer's
WRITABLE = {"/var", "/etc/appliance", "/tmp", "/run", "/run/lock", "/dev/shm"}


def list_units(container: ImageContainer, *kinds: str) -> list[str]:
    names = container.ask("ls", OURS).split()
    own = ("appliance", "image-")
    return [name for name in names if name.startswith(own) and name.endswith(kinds)]


def test_no_unit_has_failed(new_unit: ImageContainer) -> None:
    assert new_unit.ask("systemctl", "--failed", "--plain", "--no-legend") == ""
    assert new_unit.ask("systemctl", "is-system-running") == "running"


def test_only_data_and_memory_can_be_written(new_unit: ImageContainer) -> None:
    """Beside what a kernel and systemd-nspawn mount, and this test itself."""
    script = (
        "for one in / /usr /usr/local /etc /etc/systemd/system /opt/appliance /boot /home "
        "/root/release /var /etc/appliance /tmp /run /run/lock /dev/shm; do "
        "touch $one/written 2>/dev/null && rm $one/written && echo $one; done"
    )
    assert set(new_unit.ask("sh", "-c", script).split()) == WRITABLE


def test_pid_1_accepts_every_unit_without_a_warning(new_unit: ImageContainer) -> None:
    names = list_units(new_unit, ".service", ".timer", ".socket", ".path", ".target", ".slice")
    named = [name.replace("@.", f"@{INSTANCE}.") for name in names]
    assert len(named) > 20
    done = new_unit.run("systemd-analyze", "verify", "--man=no", *named, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_no_service_of_ours_is_more_exposed_than_two(new_unit: ImageContainer) -> None:
    services = list_units(new_unit, ".service")
    assert {"image-provision.service", "appliance-power.service"} <= set(services)
    scores = {name: read_score(new_unit, name) for name in services}
    allowed = {name: MORE.get(name, WORST) for name in services}
    assert {name: score for name, score in scores.items() if score > allowed[name]} == {}


def read_score(container: ImageContainer, service: str) -> float:
    name = service.replace("@.", f"@{INSTANCE}.")
    shown = container.ask("systemd-analyze", "security", "--no-pager", name)
    found = re.search(r"exposure level for \S+: ([0-9.]+)", shown)
    assert found, shown
    return float(found[1])


def test_the_programs_of_the_image_run_in_their_sandbox(new_unit: ImageContainer) -> None:
    """The host key was made; a second boot makes no other one."""
    key = "/var/lib/ssh/ssh_host_ed25519_key"
    assert new_unit.ask("stat", "-c", "%a %U", key) == "600 root"
    assert new_unit.ask("systemctl", "is-active", "ssh", "nftables").split() == ["active"] * 2


def test_what_lay_on_the_esp_was_taken_in_the_sandbox(new_unit: ImageContainer) -> None:
    keys, connections = "/etc/appliance/ssh", "/var/lib/NetworkManager/system-connections"
    shown = new_unit.ask("stat", "-c", "%a %U %n", f"{keys}/technician")
    assert shown == f"644 root {keys}/technician"
    written = new_unit.path(f"{connections}/wire.nmconnection")
    assert (written.stat().st_mode & 0o777, written.stat().st_uid) == (0o600, 0)
    left = {path.name for path in new_unit.path("/efi/provision").iterdir()}
    assert left == {"unit.toml", "RESULT.txt"}
    assert new_unit.ask("systemctl", "show", "-P", "Result", "image-provision") == "success"


def test_wrong_settings_on_the_esp_are_named_there_and_on_the_page(
    new_unit: ImageContainer,
) -> None:
    wrong = "provision/unit.toml:2: site.nmae is not a known key"
    assert wrong in new_unit.path("/efi/provision/RESULT.txt").read_text()
    assert not new_unit.path("/etc/appliance/unit.toml").exists()
    ask = "import urllib.request as r; print(r.urlopen('http://localhost:8080/').read().decode())"
    tell = ask.replace(
        "r.urlopen",
        "r.build_opener(type('Any', (r.HTTPErrorProcessor,), {"
        "'http_response': lambda self, request, answer: answer})).open",
    )
    assert wrong in new_unit.ask("/opt/appliance/venv/bin/python", "-c", tell)


def test_settings_and_key_that_a_repair_lost_come_back_in_the_sandbox(
    new_unit: ImageContainer,
) -> None:
    key = new_unit.path("/etc/appliance/ssh/technician")
    before = key.read_text()
    new_unit.wait_for(new_unit.path("/efi/kept/authorized_keys").exists, 10, "the copy")
    key.unlink()
    new_unit.run("systemctl", "start", "image-provision")
    assert key.read_text() == before
    lost = new_unit.path("/run/appliance-image/settings-lost")
    assert "key was lost" in lost.read_text()
    lost.unlink()


def test_the_boot_loaders_entries_were_looked_at_in_the_sandbox(new_unit: ImageContainer) -> None:
    shown = new_unit.ask("systemctl", "show", "-P", "ExecMainStatus", "image-rearm")
    ran = new_unit.ask("systemctl", "show", "-P", "ExecMainExitTimestampMonotonic", "image-rearm")
    assert (shown, ran != "0") == ("0", True)


def test_a_program_of_the_image_reaches_pid_1_and_no_network(new_unit: ImageContainer) -> None:
    """As image-trial-end does where nobody commits: with the sandbox of all of them."""
    text = (
        "[Service]\nType=oneshot\n"
        "ExecStart=/bin/sh -c 'systemctl start --no-block image-probed.target; "
        "touch /etc/written 2>/dev/null || echo closed; ls /sys/class/net; cat /proc/self/status'\n"
    )
    for name, written in (("image-probe.service", text), ("image-probed.target", "[Unit]\n")):
        new_unit.path(f"/run/systemd/system/{name}").write_text(written)
    new_unit.run("systemctl", "daemon-reload")
    new_unit.run("systemctl", "start", "image-probe")
    said = new_unit.ask("journalctl", "-u", "image-probe", "-o", "cat")
    new_unit.wait_for(
        lambda: new_unit.ask("systemctl", "is-active", "image-probed.target") == "active", 10, "it"
    )
    assert "closed" in said
    assert re.search(r"^CapBnd:\s*0+1$", said, re.MULTILINE), said


def test_what_the_kernel_was_told_of_the_network_is_so(new_unit: ImageContainer) -> None:
    lines = [line.split(" = ") for line in SYSCTL.read_text().splitlines() if " = " in line]
    own = {key: value for key, value in lines if key.startswith(OWN_NETWORK)}
    own.pop("net.core.bpf_jit_harden")
    found = {key: new_unit.ask("sysctl", "-n", key) for key in own}
    assert found == own


def test_the_journal_is_kept_over_restarts(new_unit: ImageContainer) -> None:
    new_unit.run("sh", "-c", "ls /var/log/journal/*/system.journal")


def test_the_journal_has_its_limits(new_unit: ImageContainer) -> None:
    shown = new_unit.ask("systemd-analyze", "cat-config", "systemd/journald.conf")
    assert re.search("^SystemMaxUse=200M$", shown, re.MULTILINE)
    kept = new_unit.ask("journalctl", "--header")
    assert "/var/log/journal/" in kept


@pytest.mark.parametrize("limit", ["soft", "hard"])
def test_no_process_leaves_a_dump_of_its_memory(new_unit: ImageContainer, limit: str) -> None:
    shown = new_unit.ask("systemctl", "show", "-P", "DefaultLimitCORE" + "Soft" * (limit == "soft"))
    assert shown == "0"
