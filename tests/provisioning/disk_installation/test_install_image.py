"""The command on files that stand for disks; other people's tools say what is on them then."""

import json
import os
import signal
import subprocess
import uuid
from pathlib import Path

from ota.slots.verity import measure_tree
from tests.provisioning.disk_installation.small_image import (
    COMMAND,
    DATA_MIB,
    ESP_MIB,
    MIB,
    SLOT_MIB,
    SYSTEM_MIB,
    TOTAL_MIB,
    SmallImage,
    erase,
    make_disk,
    needs_tools,
    read_part,
    run_command,
    tool,
    write_manifest,
)

pytestmark = needs_tools
LARGER_MIB = TOTAL_MIB + 20
SLOT_A_MIB, SLOT_B_MIB = 1 + ESP_MIB, 1 + ESP_MIB + SLOT_MIB
DATA_AT = (SLOT_B_MIB + SLOT_MIB) * MIB


def read_table(disk: Path) -> dict[str, object]:
    """As sfdisk reads it; it complains of a copy that is not at the end."""
    done = subprocess.run(
        ["/usr/sbin/sfdisk", "--json", disk], capture_output=True, text=True, check=True
    )
    assert "backup" not in done.stderr, done.stderr
    found: dict[str, object] = json.loads(done.stdout)["partitiontable"]
    return found


def is_bootable(disk: Path) -> bool:
    """Whether a firmware finds a partition table at either end."""
    data = disk.read_bytes()
    return b"EFI PART" in data[: 2 * MIB] or b"EFI PART" in data[-MIB:]


def list_guids(disk: Path) -> set[str]:
    table = read_table(disk)
    parts = table["partitions"]
    assert isinstance(parts, list)
    return {str(table["id"]), *(one["uuid"] for one in parts)}


def test_the_image_is_on_the_disk_with_both_slots_filled_and_room_for_data(
    image: SmallImage, tmp_path: Path
) -> None:
    disk = make_disk(tmp_path, LARGER_MIB)
    done = image.install(*erase(disk), disk)
    assert done.returncode == 0, done.stderr
    assert "can be booted: release 2026.11.1" in done.stdout
    table = read_table(disk)
    assert table["lastlba"] == LARGER_MIB * MIB // 512 - 34
    for begin_mib in (SLOT_A_MIB, SLOT_B_MIB):
        assert read_part(disk, begin_mib, SYSTEM_MIB) == image.system
    esp = read_part(image.raw, 1, ESP_MIB)
    assert read_part(disk, 1, ESP_MIB) == esp


def test_the_data_partition_is_new_and_tells_rauc_what_both_slots_hold(
    image: SmallImage, tmp_path: Path
) -> None:
    disk = make_disk(tmp_path, LARGER_MIB)
    assert image.install(*erase(disk), disk).returncode == 0
    data = tmp_path / "data"
    data.write_bytes(read_part(disk, DATA_AT // MIB, DATA_MIB))
    tool("fsck.ext4", "-fn", data)
    status = tool("debugfs", "-R", "cat lib/rauc/central.raucs", data)
    assert status.count(f"size={len(image.system)}\n") == 2
    assert status.count("bundle.version=2026.11.1\n") == 2


def test_two_disks_of_one_image_have_no_name_in_common(image: SmallImage, tmp_path: Path) -> None:
    one, other = (make_disk(tmp_path, LARGER_MIB, name) for name in ("one", "other"))
    for disk in (one, other):
        assert image.install(*erase(disk), disk).returncode == 0
    found = [list_guids(disk) for disk in (image.raw, one, other)]
    assert len(set.union(*found)) == 15
    assert all(uuid.UUID(guid) for guid in set.union(*found))


def test_a_packed_image_and_one_from_a_pipe_are_the_same(image: SmallImage, tmp_path: Path) -> None:
    packed = tmp_path / "unit.raw.zst"
    tool("zstd", "-q", image.raw, "-o", packed)
    named = ("--manifest", image.manifest)
    disk = make_disk(tmp_path, TOTAL_MIB)
    assert image.install(*erase(disk), disk, *named, image=packed).returncode == 0
    piped = make_disk(tmp_path, TOTAL_MIB, "piped")
    words: list[str | Path] = [*erase(piped), piped, *named]
    done = image.install(*words, image=Path("-"), stdin=image.raw.read_bytes())
    assert done.returncode == 0, done.stderr
    assert read_part(disk, 1, ESP_MIB + 2 * SLOT_MIB)[: ESP_MIB * MIB] == read_part(
        piped, 1, ESP_MIB
    )
    refused = image.install(*words, image=Path("-"), stdin=packed.read_bytes())
    assert (refused.returncode, "zstd -dc" in refused.stderr) == (2, True)


def test_settings_key_and_connection_lie_on_the_esp(image: SmallImage, tmp_path: Path) -> None:
    settings, key = tmp_path / "mine.toml", tmp_path / "key.pub"
    connection = tmp_path / "modem.nmconnection"
    settings.write_text("[unit]\nname = 'hill'\n")
    key.write_text(f"ssh-ed25519 {'A' * 68} technician\n")
    connection.write_text("[connection]\nid=modem\n")
    disk = make_disk(tmp_path, TOTAL_MIB)
    given = ("--settings", settings, "--authorized-keys", key, "--connection", connection)
    done = image.install(*erase(disk), disk, *given)
    assert done.returncode == 0, done.stderr
    for name, path in (
        ("unit.toml", settings),
        ("authorized_keys", key),
        ("modem.nmconnection", connection),
    ):
        assert tool("mtype", "-i", f"{disk}@@{MIB}", f"::provision/{name}") == path.read_text()


def test_a_private_key_or_broken_settings_are_refused_before_anything_is_erased(
    image: SmallImage, tmp_path: Path
) -> None:
    disk = make_disk(tmp_path, TOTAL_MIB)
    before = disk.read_bytes()
    key, settings = tmp_path / "key", tmp_path / "unit.toml"
    key.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    settings.write_text("[unit\n")
    for words, why in (
        (("--authorized-keys", key), "is a private key"),
        (("--settings", settings), "is not valid TOML"),
    ):
        done = image.install(*erase(disk), disk, *words)
        assert (done.returncode, why in done.stderr) == (2, True)
        assert "Nothing was changed" in done.stderr
    assert disk.read_bytes() == before


def test_a_disk_that_is_too_small_is_left_alone_and_told_what_is_needed(
    image: SmallImage, tmp_path: Path
) -> None:
    disk = make_disk(tmp_path, TOTAL_MIB - 1)
    before = disk.read_bytes()
    done = image.install(*erase(disk), disk)
    assert (done.returncode, disk.read_bytes() == before) == (2, True)
    assert f"{(TOTAL_MIB - 1) * MIB + 33 * 512} are needed" in done.stderr


def test_an_image_that_is_cut_short_or_has_another_length_is_refused_at_once(
    own_image: SmallImage, tmp_path: Path
) -> None:
    disk = make_disk(tmp_path, TOTAL_MIB)
    before = disk.read_bytes()
    with own_image.raw.open("r+b") as file:
        file.truncate(30 * MIB)
    done = own_image.install(*erase(disk), disk)
    assert (done.returncode, disk.read_bytes() == before) == (2, True)
    assert "fetch it again" in done.stderr


def test_damage_of_the_image_is_found_and_the_disk_does_not_boot(
    own_image: SmallImage, tmp_path: Path
) -> None:
    disk = make_disk(tmp_path, TOTAL_MIB)
    with own_image.raw.open("r+b") as file:
        file.seek(20 * MIB)
        file.write(b"damaged")
    done = own_image.install(*erase(disk), disk)
    assert done.returncode == 1
    assert "is damaged" in done.stderr
    assert "cannot be booted" in done.stderr
    assert not is_bootable(disk)


def test_a_packed_image_that_ends_early_does_not_boot(image: SmallImage, tmp_path: Path) -> None:
    packed = tmp_path / "unit.raw.zst"
    tool("zstd", "-q", image.raw, "-o", packed)
    packed.write_bytes(packed.read_bytes()[: 6 * MIB])
    disk = make_disk(tmp_path, TOTAL_MIB)
    done = image.install(*erase(disk), disk, "--manifest", image.manifest, image=packed)
    assert (done.returncode, is_bootable(disk)) == (1, False)
    assert "not whole" in done.stderr


def test_an_image_of_another_machine_and_one_that_is_none_are_refused(
    own_image: SmallImage, tmp_path: Path
) -> None:
    disk = make_disk(tmp_path, TOTAL_MIB)
    before = disk.read_bytes()
    write_manifest(own_image, machine="arm64")
    done = own_image.install(*erase(disk), disk)
    assert (done.returncode, "is for arm64" in done.stderr) == (2, True)
    other = tmp_path / "other.raw"
    other.write_bytes(bytes(4 * MIB))
    done = run_command(*erase(disk), "--without-manifest", other, disk)
    assert (done.returncode, "no image of a unit" in done.stderr) == (2, True)
    assert disk.read_bytes() == before


def test_one_that_is_killed_leaves_no_half_bootable_disk_and_the_next_completes_it(
    image: SmallImage, tmp_path: Path
) -> None:
    disk = make_disk(tmp_path, TOTAL_MIB)
    assert image.install(*erase(disk), disk).returncode == 0
    for order, code in ((signal.SIGKILL, -9), (signal.SIGTERM, 1)):
        process = subprocess.Popen(
            [*COMMAND, *erase(disk), "--manifest", image.manifest, "-", disk],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin
        assert process.stderr
        process.stdin.write(image.raw.read_bytes()[: 20 * MIB])
        process.stdin.flush()
        process.stderr.readline()  # it writes
        process.send_signal(order)
        process.stdin.close()
        said = process.stderr.read().decode()
        process.stderr.close()
        assert process.wait() == code
        assert not is_bootable(disk)
    assert "interrupted" in said
    assert image.install(*erase(disk), disk).returncode == 0
    assert is_bootable(disk)


def test_without_rights_or_a_disk_nothing_is_asked_and_the_disks_are_named(tmp_path: Path) -> None:
    done = run_command("unit.raw")
    assert done.returncode == 2
    assert "give IMAGE DISK; disks here:" in done.stderr


def test_a_hash_tree_behind_the_system_is_in_both_slots(image: SmallImage, tmp_path: Path) -> None:
    tree = os.urandom(measure_tree(len(image.system)))
    verified = SmallImage(tmp_path / "unit.raw", image.system + tree)
    verified.raw.write_bytes(image.raw.read_bytes())
    with verified.raw.open("r+b") as file:
        file.seek(SLOT_A_MIB * MIB + len(image.system))
        file.write(tree)
    write_manifest(verified)
    disk = make_disk(tmp_path, TOTAL_MIB)
    done = verified.install(*erase(disk), disk)
    assert done.returncode == 0, done.stderr
    for begin_mib in (SLOT_A_MIB, SLOT_B_MIB):
        assert read_part(disk, begin_mib, SLOT_MIB).startswith(verified.system)


def test_the_size_of_a_hash_tree_is_that_of_veritysetup() -> None:
    assert measure_tree(200 * 4096) == 4 * 4096
    assert measure_tree(1_650_917_376) == 13_008_896
