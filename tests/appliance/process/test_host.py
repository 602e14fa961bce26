"""Orders to PID 1, carried by a real program in the place of `systemctl`."""

from pathlib import Path

import pytest

from appliance.errors import HostError
from appliance.process.host import Host
from tests.waiting import wait_until


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
    host.suspend()
    assert heard.read_text().splitlines() == [
        "--no-block start appliance-inference",
        "--no-block stop appliance-camera@demo",
        "--no-block poweroff",
        "--no-block suspend",
    ]


def test_a_refusal_is_reported_in_the_words_of_pid_one(tmp_path: Path) -> None:
    host = Host(program(tmp_path / "systemctl", 'echo "Access denied" >&2; exit 4'))
    with pytest.raises(HostError, match=r"start appliance-x`: Access denied; check the polkit"):
        host.start("appliance-x")


def test_no_systemctl_at_all_is_reported_as_well(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="did not take the order `poweroff`"):
        Host(str(tmp_path / "missing")).power_off()


def test_an_errand_is_watched_without_waiting_for_it(tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.touch()
    script = f'echo "$@" > {tmp_path}/heard; while [ -e {go} ]; do sleep 0.02; done; exit 3'
    errand = Host(program(tmp_path / "systemctl", script)).run("appliance-checkin")
    assert not errand.is_over()
    go.unlink()
    wait_until(errand.is_over, "the end of the errand")
    assert (tmp_path / "heard").read_text() == "--no-ask-password start appliance-checkin\n"


def test_a_job_that_takes_too_long_is_left_alone(tmp_path: Path) -> None:
    errand = Host(program(tmp_path / "systemctl", "exec sleep 60")).run("appliance-checkin")
    errand.abandon()
    assert errand.is_over()


def test_a_job_that_cannot_be_begun_is_reported(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="did not take the order `start appliance-checkin`"):
        Host(str(tmp_path / "missing")).run("appliance-checkin")
