"""What the image is made of, held against itself: labels, units, packages, numbers of accounts."""

import configparser
import re
import subprocess
from pathlib import Path

import pytest

from provisioning.disk_installation.table import LEAST_DATA_BYTES
from provisioning.image import accounts, root
from provisioning.image.tools import ImageError, list_mirrors

IMAGE = Path(root.__file__).parent
SMALLEST_8_GB_STICK_BYTES = 7_700_000_000  # they hold 7.7 to 8.0 GB
BOTH_TABLES_BYTES = 2 << 20  # of the partitions, with what their alignment leaves
UNITS_BYTES = {"M": 1 << 20, "G": 1 << 30}
FILES = IMAGE / "files"
SCRIPTS = [
    *(FILES / "etc/initramfs-tools").glob("*/data"),
    *(FILES / "etc/initramfs-tools/scripts/local-bottom").iterdir(),
    *(FILES / "usr/lib/appliance").iterdir(),
    *(IMAGE / "sets").glob("*/files/etc/initramfs-tools/hooks/*"),
    *(IMAGE / "sets").glob("*/files/etc/initramfs-tools/scripts/*/*"),
]


def read_labels(directory: Path) -> list[str]:
    """Of the partitions, in their order on the disk."""
    texts = [path.read_text() for path in sorted(directory.glob("*.conf"))]
    return [line[6:] for text in texts for line in text.splitlines() if line[:6] == "Label="]


def test_the_build_and_the_unit_name_the_same_partitions_in_the_same_order() -> None:
    assert read_labels(IMAGE / "repart.d") == ["esp", "root-a", "root-b", "data"]
    assert read_labels(FILES / "usr/lib/repart.d") == read_labels(IMAGE / "repart.d")


def read_sizes() -> dict[str, int]:
    """The greatest size of each partition of the image, in bytes."""
    texts = [path.read_text() for path in (IMAGE / "repart.d").glob("*.conf")]
    found = [
        re.search(r"^Label=(\S+)$[^%]*^SizeMaxBytes=(\d+)([MG])$", text, re.MULTILINE)
        for text in texts
    ]
    return {one[1]: int(one[2]) * UNITS_BYTES[one[3]] for one in found if one}


def test_the_image_fits_on_every_stick_of_8_gb() -> None:
    sizes = read_sizes()
    assert sorted(sizes) == sorted(read_labels(IMAGE / "repart.d"))
    assert sum(sizes.values()) + BOTH_TABLES_BYTES < SMALLEST_8_GB_STICK_BYTES


def test_a_running_system_is_installed_with_the_data_partition_of_the_image() -> None:
    assert read_sizes()["data"] == LEAST_DATA_BYTES


def test_rauc_writes_the_two_slots_and_takes_no_plain_bundle() -> None:
    conf = configparser.ConfigParser()
    conf.read(FILES / "etc/rauc/system.conf")
    devices = {conf[f"slot.rootfs.{turn}"]["device"] for turn in (0, 1)}
    assert devices == {f"/dev/disk/by-boot-disk/root-{slot}" for slot in "ab"}
    assert conf["system"]["bundle-formats"] == "-plain"
    assert conf["system"]["activate-installed"] == "false"


def test_the_file_systems_of_fstab_are_partitions_of_the_disk() -> None:
    lines = (FILES / "etc/fstab").read_text().splitlines()
    names = "/dev/disk/by-boot-disk/"
    labels = {line.split()[0][len(names) :] for line in lines if line.startswith(names)}
    assert labels == {"data", "esp"}


def test_the_boot_partition_is_checked_at_each_boot() -> None:
    """A FAT file system does not recover by itself; the data partition is checked before PID 1."""
    lines = (FILES / "etc/fstab").read_text().splitlines()
    (passes,) = [line.split()[5] for line in lines if line.endswith("2") or "/efi" in line]
    assert passes == "2"


def test_no_unit_of_the_image_has_the_name_of_a_service() -> None:
    """The drop-ins of `appliance-*.service` would close it, as they are to close one alone."""
    closed = "appliance-provision-site.service"
    names = {path.name for path in (FILES / "etc/systemd/system").iterdir()}
    others = names - {closed, f"{closed}.d"}
    assert all(name.startswith(("image-", "systemd-")) for name in others)
    ours = {name for name in root.ENABLED if name.startswith("image-")}
    assert ours <= names


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_one_that_sh_reads_and_may_run(script: Path) -> None:
    assert script.stat().st_mode & 0o111
    subprocess.run(("sh", "-n", script), check=True)


def test_every_package_has_a_reason_and_stands_once() -> None:
    for package_set in ("base", "kiosk"):
        lines = (IMAGE / f"packages/{package_set}.txt").read_text().splitlines()
        assert all(len(line.split(None, 1)) == 2 for line in lines)
        names = root.list_packages(package_set)
        assert len(set(names)) == len(names) > 0


def test_no_two_accounts_have_one_number() -> None:
    for name in accounts.LISTS:
        numbers = accounts.read_numbers((accounts.HERE / name).read_text().splitlines())
        assert len(set(numbers.values())) == len(numbers) > 0


def test_every_account_of_the_services_has_its_number() -> None:
    sysusers = (root.SOURCES / "systemd/sysusers.d/appliance.conf").read_text().splitlines()
    named = {line.split()[1] for line in sysusers if line.startswith("u ")}
    text = (accounts.HERE / "passwd").read_text()
    assert named <= accounts.read_numbers(text.splitlines()).keys()


def test_an_account_that_a_package_numbered_ends_the_build(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    for name in accounts.LISTS:
        (tmp_path / "etc" / name).write_text((accounts.HERE / name).read_text())
    accounts.require_known(tmp_path)
    with (tmp_path / "etc/passwd").open("a") as file:
        file.write("newcomer:x:976:976::/:/usr/sbin/nologin\n")
    with pytest.raises(ImageError, match=r"newcomer \(976\).*accounts/passwd"):
        accounts.require_known(tmp_path)


def test_an_account_whose_number_has_changed_ends_the_build(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    for name in accounts.LISTS:
        text = (accounts.HERE / name).read_text()
        (tmp_path / "etc" / name).write_text(text.replace("appliance:x:988:", "appliance:x:950:"))
    with pytest.raises(ImageError, match=r"appliance \(950\)"):
        accounts.require_known(tmp_path)


def test_what_is_copied_into_the_root_has_the_modes_of_git_whatever_the_umask(
    tmp_path: Path,
) -> None:
    """A checkout with umask 077 once made a root that no service could read."""
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "etc").mkdir(parents=True)
    (source / "etc/plain").write_text("")
    (source / "etc/program").write_text("")
    (source / "etc/plain").chmod(0o600)
    (source / "etc/program").chmod(0o700)
    (source / "etc").chmod(0o700)
    target.mkdir()
    copy = root.COPY.format(source)
    subprocess.run(("sh", "-ec", f"umask 077; {copy}", "sh", target), check=True)
    modes = {path.name: path.stat().st_mode & 0o777 for path in target.rglob("*")}
    assert modes == {"etc": 0o755, "plain": 0o644, "program": 0o755}


@pytest.mark.parametrize("name", root.OPTIONAL_SETS)
def test_an_optional_set_has_packages_and_units_of_its_own(name: str) -> None:
    assert root.list_packages(name)
    files = IMAGE / "sets" / name / "files"
    assert files.is_dir()
    base = {path.relative_to(FILES) for path in FILES.rglob("*") if path.is_file()}
    own = {path.relative_to(files) for path in files.rglob("*") if path.is_file()}
    assert not base & own, "a file of the base is replaced, so that it is looked for in two places"


def test_security_updates_come_from_the_mirror_beside() -> None:
    snapshot = "http://snapshot.debian.org/archive/debian/20261101T000000Z"
    assert list_mirrors(snapshot)[-1] == (
        "deb http://snapshot.debian.org/archive/debian-security/20261101T000000Z "
        "trixie-security main"
    )
    default = list_mirrors("http://deb.debian.org/debian")
    assert default[-1] == "deb http://deb.debian.org/debian-security trixie-security main"
    assert list_mirrors("http://mirror/x", "http://mirror/s")[-1].split()[1] == "http://mirror/s"
    assert not any("security" in line for line in list_mirrors("http://mirror/debian", ""))


def test_no_service_of_the_image_is_ordered_before_a_path_or_a_timer() -> None:
    """They belong to basic.target, for which a service waits: PID 1 would leave one of them out."""
    for path in (FILES / "etc/systemd/system").glob("*.service"):
        lines = path.read_text().splitlines()
        before = [word for line in lines if line.startswith("Before=") for word in line.split()]
        assert not [one for one in before if one.endswith((".path", ".timer"))], path.name
