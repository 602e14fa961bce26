"""Orders to PID 1, carried by a real program in the place of `systemctl`."""

from pathlib import Path

import pytest

from appliance.errors import HostError
from appliance.host import Host


def program(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_an_order_reaches_pid_one_and_does_not_wait_for_it(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    host = Host(program(tmp_path / "systemctl", f'echo "$@" >> {heard}'))
    host.start("appliance-inference")
    host.stop("appliance-camera@demo")
    host.power_off()
    assert heard.read_text().splitlines() == [
        "--no-block start appliance-inference",
        "--no-block stop appliance-camera@demo",
        "--no-block poweroff",
    ]


def test_a_refusal_is_told_in_the_words_of_pid_one(tmp_path: Path) -> None:
    host = Host(program(tmp_path / "systemctl", 'echo "Access denied" >&2; exit 4'))
    with pytest.raises(HostError, match=r"start appliance-x`: Access denied; check the polkit"):
        host.start("appliance-x")


def test_no_systemctl_at_all_is_told_as_well(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="did not take the order `poweroff`"):
        Host(str(tmp_path / "missing")).power_off()
