"""What an operator types wrong, or finds missing, at the release engineer's desk."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ota.disk import Disk
from ota.release.fleet import remove_leftovers
from ota.release.releases import signing
from tests.conftest import ROOT
from tests.ota.release.conftest import Desk, write_wheel
from tests.ota.release.test_refusals import refuse


def test_a_mistyped_release_is_not_told_to_be_withdrawn(desk: Desk) -> None:
    desk.issue("r1", 1)
    assert "there is no release r9; signed are: r1" in refuse(desk, "release", "withdraw", "r9")
    desk.do("release", "withdraw", "r1")
    assert "withdrawn already" in desk.do("release", "withdraw", "r1")


def test_the_status_tells_a_withdrawal_that_no_unit_sees_yet(desk: Desk) -> None:
    desk.issue("r1", 1)
    desk.do("release", "withdraw", "r1")
    assert "published; its withdrawal waits for `publish`" in desk.do("status")


def test_a_key_that_does_not_sign_this_is_named(desk: Desk, tmp_path: Path) -> None:
    desk.build("r1", 1)
    (desk.fleet / "keys/targets-1.pem").rename(tmp_path / "targets-1.pem")
    text = refuse(desk, "release", "sign", "r1", "--key", desk.fleet / "keys/root-1.pem")
    assert "not here: targets-1" in text
    assert "given was root-1" in text


def test_a_group_without_a_name_is_refused(desk: Desk) -> None:
    desk.issue("r1", 1)
    assert "names nothing" in refuse(desk, "assign", "group:", "r1")


WRONG = ("groups:all", "Group:all", "group/all", "units/u1", "all", "u1,u2", " u1", "group:a:b")


@pytest.mark.parametrize("whom", [*WRONG, "group=all", "unit:", "group: all"])
def test_a_group_that_is_spelled_wrong_becomes_no_unit(desk: Desk, whom: str) -> None:
    desk.issue("r1", 1)
    said = refuse(desk, "assign", "u1", whom, "r1")
    assert "a group is group:NAME" in said or "names nothing" in said
    assert "u1" not in desk.do("status")


def test_a_unit_with_an_odd_name_is_given_a_release_and_shown_as_it_is_typed(desk: Desk) -> None:
    desk.issue("r1", 1)
    desk.do("assign", "unit:hill:west", "unit:all", "unit:field-7", "field 8", "r1")
    shown = desk.do("status")
    assert "unit:hill:west" in shown
    assert "unit:all" in shown
    assert "unit:field-7" not in shown
    desk.do("unassign", "hill:west", "unit:all", "field-7", "field 8")
    assert "hill" not in desk.do("status")


def test_a_file_that_is_not_there_is_told_so(desk: Desk) -> None:
    words = ("release", "build", "r1", "--sequence", 1)
    assert "no.whl is not there" in refuse(desk, *words, "--app", "no.whl")
    assert "no.raucb is not there" in refuse(desk, *words, "--os", "no.raucb")
    assert "none is not there" in refuse(desk, *words, "--model", "m=none")


def test_a_sequence_is_refused_before_anything_is_packed(desk: Desk, wheel: Path) -> None:
    desk.issue("r5", 5)
    before = sorted(desk.tree.rglob("*"))
    words = ("release", "build", "r6", "--sequence", 5, "--app", wheel)
    assert "does not rise" in refuse(desk, *words)
    assert sorted(desk.tree.rglob("*")) == before


def make_model(desk: Desk, name: str) -> str:
    """`NAME=DIR` of a small model."""
    path = desk.directory / "models" / name
    path.mkdir(parents=True)
    (path / "model.bin").write_bytes(name.encode())
    return f"{name}={path}"


def test_what_units_would_refuse_is_refused_before_anything_is_packed(
    desk: Desk, wheel: Path
) -> None:
    before = sorted(desk.fleet.rglob("*"))
    words = ("release", "build", "r1", "--sequence", 1, "--app", wheel)
    machines = [word for number in range(17) for word in ("--machine", f"m{number}")]
    models = [word for n in range(64) for word in ("--model", make_model(desk, f"n{n}"))]
    for more, part in (
        (["--notes", "x" * 4001], "notes is no text of at most 4000"),
        (machines, "machines is no list of at most 16"),
        (models, "layers is no list of at most 64"),
        (["--data-schema", 2**31, "--energy-wh", "1e6", "--notes", "\0" * 4000], ""),
    ):
        if part:
            assert part in refuse(desk, *words, *more)
            assert sorted(desk.fleet.rglob("*")) == before
        else:
            desk.do(*words, *more)


def test_a_tree_that_no_pack_can_hold_is_refused_before_another_layer_is_packed(
    desk: Desk,
) -> None:
    bundle = desk.directory / "os.raucb"
    bundle.write_bytes(os.urandom(100_000))
    model = make_model(desk, "m1")
    (desk.directory / "models/m1/a").symlink_to("/etc/passwd")
    before = sorted(desk.fleet.rglob("*"))
    words = ("release", "build", "r1", "--sequence", 1, "--os", bundle, "--model", model)
    assert "which a layer cannot hold" in refuse(desk, *words)
    assert sorted(desk.fleet.rglob("*")) == before


def test_a_file_of_a_layer_is_kept_whatever_it_is_called(desk: Desk) -> None:
    model = make_model(desk, "m1")
    (desk.directory / "models/m1/weights.part").write_text("weights")
    desk.do("release", "build", "r1", "--sequence", 1, "--model", model)
    desk.do("status")
    assert [one.read_text() for one in desk.fleet.rglob("weights.part")] == ["weights"]


def test_a_layer_without_a_delta_is_named_with_the_reason(desk: Desk, wheel: Path) -> None:
    desk.build("r1", 1)
    said = desk.build("r2", 2, "--app", wheel, "--delta-from", "r1")
    assert "app: no delta, r1 has no such layer" in said
    assert "settings: no delta" not in said
    for one in (desk.fleet / "content").iterdir():
        one.rename(desk.directory / one.name)
    said = desk.build("r3", 3, "--delta-from", "r2")
    assert "settings: no delta, what r2 had is not in content/ any more" in said


def test_settings_that_units_would_not_take_are_told_with_file_and_line(desk: Desk) -> None:
    wrong = desk.directory / "wrong.toml"
    wrong.write_text("[web]\nprot = 80\n")
    said = desk.do("release", "build", "r1", "--sequence", 1, "--settings", wrong)
    assert f"warning: {wrong}:2: web.prot is not a known key" in said
    assert "warning" not in desk.build("r2", 2)


def test_a_stick_that_is_not_mounted_becomes_no_directory(desk: Desk, tmp_path: Path) -> None:
    desk.issue("r1", 1)
    assert "mount the stick" in refuse(desk, "usb", tmp_path / "media/stick")
    assert not (tmp_path / "media").exists()
    assert "is not mounted" in desk.do("usb", tmp_path / "stick")


def test_a_key_that_takes_anothers_place_says_that_it_has_no_passphrase(
    desk: Desk, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n")
    secret.chmod(0o600)
    assert "has no passphrase" in desk.do("keys", "rotate", "targets-1")
    locked = desk.do("keys", "rotate", "targets-2", "--encrypt", "--secret", secret)
    assert "has no passphrase" not in locked
    assert "has no passphrase" not in desk.do("keys", "rotate", "image-online-1")


def test_a_server_that_is_down_and_missing_roots_of_trust_are_told(
    desk: Desk, tmp_path: Path
) -> None:
    assert "is the web server up?" in refuse(desk, "verify", "http://127.0.0.1:1/")
    text = refuse(desk, "verify", desk.tree, "--trust", tmp_path / "none")
    assert "name the directory with the roots of trust with --trust" in text


def test_what_is_signed_is_what_was_read_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A manifest that is exchanged while the command checks its packs."""
    desk.build("r1", 1)
    path = desk.fleet / "releases/r1/manifest.json"
    data, check = path.read_bytes(), signing.check_payloads

    def exchange(*words: object) -> None:
        check(*words)  # type: ignore[arg-type]
        path.write_bytes(data.replace(b'"notes": ""', b'"notes": "other"'))

    monkeypatch.setattr(signing, "check_payloads", exchange)
    desk.do("release", "sign", "r1")
    [file] = (desk.tree / "image/targets/releases/r1").iterdir()
    assert file.read_bytes() == data


def test_a_full_disk_is_told_with_the_file_and_what_to_do(desk: Desk, small_disk: Path) -> None:
    desk.issue("r1", 1, "--app", write_wheel(desk.directory / "a.whl", large_app()))
    text = refuse(desk, "release", "publish", "--to", small_disk / "www")
    assert f"there is no room for {small_disk}/www/packs/" in text
    assert "give the command again" in text
    assert "there is no room" in refuse(desk, "usb", small_disk / "stick")


def large_app() -> dict[str, bytes]:
    info = "neural_energy_appliance-1.2.dist-info"
    head = b"Metadata-Version: 2.1\nName: neural-energy-appliance\nVersion: 1.2\n"
    return {"appliance/noise": os.urandom(3_000_000), f"{info}/METADATA": head}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_nothing_is_left_of_a_build_that_was_killed(desk: Desk) -> None:
    desk.build("r1", 1)
    bundle = desk.directory / "os.raucb"
    bundle.write_bytes(os.urandom(30_000_000))
    words = ["release", "build", "r2", "--sequence", "2", "--os", str(bundle), "--delta-from", "r1"]
    command = [sys.executable, "-m", "ota.release", *words, "--fleet", str(desk.fleet)]
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True) as build:
        while not list(desk.tree.glob("new-*")) and build.poll() is None:
            pass
        os.killpg(build.pid, signal.SIGKILL)
    desk.do("renew", "--force")
    assert list(desk.fleet.glob("*.work")) == []
    assert list(desk.tree.glob("new-*")) == []


def test_halves_of_every_kind_are_removed(desk: Desk) -> None:
    for name in ("tmp1.work/app", "tree/new-ab", "content/ab.part"):
        (desk.fleet / name).mkdir(parents=True)
        (desk.fleet / name / "file").write_text("half")
    remove_leftovers(Disk(), desk.fleet)
    left = [one for one in desk.fleet.rglob("*") if one.name == "file"]
    assert left == []
