"""What is refused at the release engineer's desk, and in which words."""

import hashlib
import os
import subprocess
import sys
from datetime import timedelta

import pytest

from tests.conftest import ROOT
from tests.ota.release.conftest import APP_FILES, Desk, write_wheel


def refuse(desk: Desk, *words: object) -> str:
    answer = desk.type(*words)
    assert answer.code in (1, 2)
    assert answer.err.startswith("fleet")
    assert answer.err.count("\n") == 1
    return answer.err


def test_a_name_is_given_once(desk: Desk) -> None:
    desk.issue("r1", 1)
    settings = desk.directory / "other.toml"
    settings.write_text("[web]\nport = 1\n")
    again = ("release", "build", "r1", "--sequence", 1, "--settings", settings)
    assert "a release r1 already" in refuse(desk, *again)


def test_another_release_of_a_signed_name_is_not_signed(desk: Desk) -> None:
    desk.issue("r1", 1)
    path = desk.fleet / "releases/r1/manifest.json"
    path.write_text(path.read_text().replace('"notes": ""', '"notes": "x"'))
    assert "is signed already" in refuse(desk, "release", "sign", "r1")


def test_a_manifest_of_another_release_is_not_signed(desk: Desk) -> None:
    desk.build("r1", 1)
    path = desk.fleet / "releases/r1/manifest.json"
    path.write_text(path.read_text().replace('"release": "r1"', '"release": "r9"'))
    assert "is the manifest of r9" in refuse(desk, "release", "sign", "r1")


def test_what_is_signed_is_what_was_built_as_the_engineer_can_see(desk: Desk) -> None:
    path = desk.fleet / "releases/r1/manifest.json"
    said = desk.build("r1", 1)
    built = hashlib.sha256(path.read_bytes()).hexdigest()
    assert built in said
    path.write_text(path.read_text().replace('"notes": ""', '"notes": "exchanged"'))
    signed = desk.do("release", "sign", "r1")
    assert built not in signed
    assert hashlib.sha256(path.read_bytes()).hexdigest() in signed


def test_the_sequence_rises(desk: Desk) -> None:
    desk.issue("r5", 5)
    settings = desk.directory / "settings.toml"
    for sequence in (5, 4):
        words = ("release", "build", "r6", "--sequence", sequence, "--settings", settings)
        assert "give --sequence 6" in refuse(desk, *words)


def test_a_sequence_that_was_signed_elsewhere_meanwhile_is_refused_when_signing(desk: Desk) -> None:
    desk.build("r1", 1)
    desk.build("r2", 2)
    desk.do("release", "sign", "r2")
    assert "does not rise" in refuse(desk, "release", "sign", "r1")


def test_what_is_not_published_is_not_assigned(desk: Desk) -> None:
    desk.build("r1", 1)
    assert "not published" in refuse(desk, "assign", "u1", "r1")
    desk.do("release", "sign", "r1")
    assert "not published" in refuse(desk, "assign", "u1", "r1")
    assert "not signed" in refuse(desk, "release", "publish", "r2")


def test_a_step_back_is_signed_for_single_units_only(desk: Desk) -> None:
    desk.issue("r1", 1)
    desk.issue("r2", 2)
    desk.do("assign", "u1", "group:all", "r2")
    assert "--allow-downgrade" in refuse(desk, "assign", "u1", "r1")
    assert "single units" in refuse(desk, "assign", "group:all", "r1", "--allow-downgrade")
    assert "fleet release sign r1" in refuse(desk, "assign", "u1", "r1", "--allow-downgrade")
    desk.do("release", "sign", "r1", "--allow-downgrade")
    desk.do("release", "publish")
    desk.do("assign", "u1", "r1", "--allow-downgrade")
    desk.verify()


def test_times_that_no_unit_would_take_are_refused(desk: Desk) -> None:
    desk.issue("r1", 1)
    assert "not after" in refuse(desk, "assign", "u", "r1", "--until", "2020-01-01T00:00:00Z")
    assert "no time with a zone" in refuse(desk, "assign", "u", "r1", "--until", "2099-01-01")


def test_a_damaged_pack_is_neither_signed_nor_verified(desk: Desk) -> None:
    desk.build("r1", 1)
    [pack] = desk.tree.rglob("*.pack")
    data = pack.read_bytes()
    pack.write_bytes(data[:-1] + b"?")
    assert "damaged" in refuse(desk, "release", "sign", "r1")
    pack.write_bytes(data)
    desk.do("release", "sign", "r1")
    desk.do("release", "publish", "r1")
    pack.write_bytes(data[:-1] + b"?")
    assert "damaged" in refuse(desk, "verify", desk.tree)
    pack.unlink()
    assert "not there" in refuse(desk, "verify", desk.tree)


def test_a_changed_listing_is_not_signed_anew(desk: Desk) -> None:
    """Whoever has the server must not get the offline key to sign what he wrote."""
    desk.issue("r1", 1)
    path = desk.tree / "image/metadata/2.targets.json"
    path.write_text(path.read_text().replace("releases/r1", "releases/r9"))
    assert "not signed by the targets key" in refuse(desk, "release", "sign", "r1")
    assert "not signed by the targets key" in refuse(desk, "keys", "rotate", "targets-1")


def test_a_wheel_is_what_its_record_lists(desk: Desk) -> None:
    path = desk.directory / "w.whl"
    build = ("release", "build", "r1", "--sequence", 1, "--app", path)
    write_wheel(path, {**APP_FILES, "evil.py": b"x"}, APP_FILES)
    assert "evil.py is not the file" in refuse(desk, *build)
    write_wheel(path, {**APP_FILES, "../evil.py": b"x"})
    assert "outside of its tree" in refuse(desk, *build)
    write_wheel(path, {**APP_FILES, "x.data/scripts/run": b"x"})
    assert "no pure wheel" in refuse(desk, *build)
    path.write_bytes(b"PK\x03\x04 torn")
    assert "no wheel" in refuse(desk, *build)
    assert not (desk.directory / "evil.py").exists()
    assert list(desk.fleet.glob("*.work")) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[unit]\nname = 'a'\n", "unit.name is each unit's own"),
        ("\ufeff[unit]\nname = 'a'\n", "unit.name is each unit's own"),
        ("[web", "no settings file"),
    ],
)
def test_settings_of_a_release_say_nothing_of_a_single_unit(
    desk: Desk, text: str, words: str
) -> None:
    path = desk.directory / "own.toml"
    path.write_text(text)
    assert words in refuse(desk, "release", "build", "r1", "--sequence", 1, "--settings", path)


def test_a_release_that_is_assigned_is_not_withdrawn(desk: Desk) -> None:
    desk.issue("r1", 1)
    desk.do("assign", "u1", "r1")
    desk.do("release", "withdraw", "r1")
    assert "still assigned to u1" in refuse(desk, "release", "publish")
    desk.do("unassign", "u1")
    desk.do("release", "publish")
    assert "releases: none" in desk.verify()


def test_a_passphrase_must_be_right_and_may_come_from_a_file(empty_desk: Desk) -> None:
    good, bad = empty_desk.directory / "good", empty_desk.directory / "bad"
    good.write_text("correct horse\n")
    bad.write_text("battery staple\n")
    empty_desk.do("init", empty_desk.fleet, "--secret", f"targets-1={good}", "--bins", 2)
    key = empty_desk.fleet / "keys/targets-1.pem"
    assert b"ENCRYPTED" in key.read_bytes()
    assert key.stat().st_mode & 0o777 == 0o600
    empty_desk.build("r1", 1)
    sign = ("release", "sign", "r1")
    assert "passphrase is wrong" in refuse(empty_desk, *sign, "--secret", f"targets-1={bad}")
    assert "no terminal" in refuse(empty_desk, *sign)
    empty_desk.do(*sign, "--secret", f"targets-1={good}")
    openssl = ("openssl", "pkey", "-in", str(key), "-passin", f"file:{good}", "-noout")
    subprocess.run(openssl, check=True)


def test_a_key_that_was_carried_away_is_named_with_its_place(desk: Desk) -> None:
    desk.build("r1", 1)
    stick = desk.directory / "stick"
    stick.mkdir()
    key = stick / "k.pem"
    (desk.fleet / "keys/targets-1.pem").rename(key)
    said = refuse(desk, "release", "sign", "r1")
    assert "not here: targets-1" in said
    wrong = desk.fleet / "keys/root-1.pem"
    assert "not here: targets-1" in refuse(desk, "release", "sign", "r1", "--key", wrong)
    (stick / "no.pem").write_text("no key")
    assert "no private key" in refuse(desk, "release", "sign", "r1", "--key", stick / "no.pem")
    desk.do("release", "sign", "r1", "--key", key)


def test_a_directory_with_something_in_it_becomes_no_fleet(desk: Desk) -> None:
    assert "has something in it" in refuse(desk, "init", desk.fleet)
    assert "no directory of a fleet" in refuse(desk, "status", "--fleet", desk.directory)
    assert "power of two" in refuse(desk, "init", desk.directory / "new", "--bins", 5)


def test_a_full_disk_is_one_sentence_and_the_old_tree_stays(desk: Desk) -> None:
    desk.issue("r1", 1)
    program = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300)); "
        "from ota.release.__main__ import main; main(['renew', '--force'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 1
    assert done.stderr.startswith("fleet: ")
    assert done.stderr.count("\n") == 1
    desk.verify()


def test_an_older_copy_of_the_fleet_does_not_publish_over_a_newer_one(desk: Desk) -> None:
    desk.issue("r1", 1)
    www, copy = desk.directory / "www", desk.directory / "copy"
    subprocess.run(["cp", "-r", str(desk.fleet), str(copy)], check=True)
    desk.do("assign", "u1", "r1")
    desk.do("release", "publish", "--to", www)
    said = refuse(desk, "release", "publish", "--to", www, "--fleet", copy)
    assert "another copy of this fleet" in said
    desk.do("assign", "u2", "r1", "--fleet", copy)
    said = refuse(desk, "release", "publish", "--to", www, "--fleet", copy)
    assert "another copy of this fleet" in said


@pytest.mark.parametrize(("days", "role"), [(250, "targets"), (620, "root")])
def test_renew_alarms_before_an_offline_role_expires(desk: Desk, days: int, role: str) -> None:
    desk.now += timedelta(days=days)
    answer = desk.type("renew")
    assert answer.code == 1
    assert f"run `fleet renew {role}`" in answer.out
    for offline in ("root", "targets"):
        desk.type("renew", offline)
    desk.do("release", "publish")
    assert desk.type("renew").code == 0


def test_a_tree_that_has_expired_does_not_verify(empty_desk: Desk) -> None:
    empty_desk.now -= timedelta(days=40)
    empty_desk.do("init", empty_desk.fleet, "--bins", 2)
    assert "expired" in refuse(empty_desk, "verify", empty_desk.tree)
    empty_desk.now += timedelta(days=40)
    assert "timestamp is signed anew" in empty_desk.do("renew")
    empty_desk.verify()
