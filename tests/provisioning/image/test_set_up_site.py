"""The set-up without a person from provision/site.toml: what is taken, told, and removed.

`unitctl` is a stand-in that ends as a walk does.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.provisioning.image.provision_tree import make_tree
from tests.provisioning.image.test_image_files import FILES

SCRIPT = FILES / "usr/lib/appliance/set-up-site"
PROVISION, RESULT = "efi/provision", "efi/provision/SITE-RESULT.txt"
SITE = """[site]
name = "Hut 12"

[access]
pin_file = "pin"
password_file = 'password'
"""
PIN, PASSWORD = "836105", "three words here"
LAST = '{"steps": 10, "changed": 7, "report": null}'
FROM = 'shift 2; cat "$1" "$(dirname "$1")/pin" >../given; '


def put_site(root: Path, text: str = SITE) -> None:
    for name, content in {"site.toml": text, "pin": f"{PIN}\r\n", "password": PASSWORD}.items():
        (root / PROVISION / name).write_text(content)


def run(tmp_path: Path, unitctl: str) -> subprocess.CompletedProcess[str]:
    """At a start of a unit whose `unitctl` does that."""
    tree = make_tree(tmp_path)
    put_site(tree.root)
    return start(tmp_path, unitctl)


def start(tmp_path: Path, unitctl: str) -> subprocess.CompletedProcess[str]:
    programs = tmp_path / "programs"
    (programs / "unitctl").write_text(f"#!/bin/sh\n{unitctl}\n")
    (programs / "unitctl").chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    return subprocess.run(
        ("sh", SCRIPT, tmp_path / "unit"),
        capture_output=True,
        text=True,
        check=False,
        cwd=programs,
        env={**os.environ, "PATH": path, "SITE_PAUSE_S": "0"},
    )


def list_left(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "unit" / PROVISION).iterdir())


def test_once_all_is_done_answers_and_secrets_are_gone_and_the_result_says_so(
    tmp_path: Path,
) -> None:
    done = run(tmp_path, f"{FROM} echo '{LAST}'")
    assert done.returncode == 0, done.stderr
    assert list_left(tmp_path) == ["SITE-RESULT.txt"]
    result = (tmp_path / "unit" / RESULT).read_text()
    assert result.startswith("All is done.")
    assert result.endswith(f"{LAST}\nexit status: 0\n")
    assert LAST in done.stdout
    assert (tmp_path / "given").read_text() == f"{SITE}{PIN}\n"


def test_a_step_that_is_blocked_is_tried_again_and_then_left_for_the_next_start(
    tmp_path: Path,
) -> None:
    done = run(tmp_path, f"echo x >>../tries; echo 'claim is blocked: no'; echo '{LAST}'; exit 1")
    assert done.returncode == 1
    assert (tmp_path / "tries").read_text() == "x\n" * 3
    assert list_left(tmp_path) == ["SITE-RESULT.txt", "password", "pin", "site.toml"]
    result = (tmp_path / "unit" / RESULT).read_text()
    assert result.startswith("Not all is done.")
    assert "claim is blocked: no" in result


def test_answers_that_cannot_be_used_are_tried_once_and_the_sentence_names_their_file(
    tmp_path: Path,
) -> None:
    done = run(tmp_path, 'echo x >>../tries; echo "unitctl: $3 is not valid TOML" >&2; exit 2')
    assert done.returncode == 2
    assert (tmp_path / "tries").read_text() == "x\n"
    assert list_left(tmp_path) == ["SITE-RESULT.txt", "password", "pin", "site.toml"]
    result = (tmp_path / "unit" / RESULT).read_text()
    assert "nothing was changed" in result
    assert "unitctl: provision/site.toml is not valid TOML" in result


def test_a_start_without_a_file_of_answers_does_nothing(tmp_path: Path) -> None:
    make_tree(tmp_path)
    done = start(tmp_path, "echo x >../tries")
    assert (done.returncode, done.stdout, list_left(tmp_path)) == (0, "", [])
    assert not (tmp_path / "tries").exists()


@pytest.mark.parametrize("name", ["../secret", "/etc/shadow", "sub/pin"])
def test_a_file_that_does_not_lie_beside_it_is_not_touched(tmp_path: Path, name: str) -> None:
    tree = make_tree(tmp_path)
    put_site(tree.root, f'[access]\npin_file = "{name}"\n')
    tree.put("efi/secret", "x")
    assert start(tmp_path, "exit 0").returncode == 0
    assert tree.read("efi/secret") == "x"
    assert list_left(tmp_path) == ["SITE-RESULT.txt", "password", "pin"]


def test_the_files_of_the_set_up_are_left_alone_by_what_takes_the_settings(tmp_path: Path) -> None:
    tree = make_tree(tmp_path)
    put_site(tree.root)
    assert tree.start() == ""
    assert tree.list(PROVISION) == ["password", "pin", "site.toml"]


def test_secrets_without_a_file_of_answers_are_named(tmp_path: Path) -> None:
    tree = make_tree(tmp_path)
    tree.put("efi/provision/pin", PIN)
    assert "pin on the ESP was not used" in tree.start()
