"""Orders to PID 1, carried by a real program in the place of `systemctl`."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.errors import HostError
from appliance.process.host import MOST_BYTES, Host, Order, read_pipe
from tests.waiting import wait_until


def program(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def wait_for(order: Order) -> Order:
    wait_until(order.is_over, "the end of the order")
    return order


def test_an_order_reaches_pid_one_and_does_not_wait_for_it(tmp_path: Path) -> None:
    received = tmp_path / "heard"
    host = Host(program(tmp_path / "systemctl", f'echo "$@" >> {received}'))
    for order in (
        host.start("appliance-inference"),
        host.stop("appliance-inference", "appliance-camera@demo"),
        host.power_off(),
        host.suspend(),
    ):
        assert wait_for(order).error is None
    assert sorted(received.read_text().splitlines()) == [
        "--no-block poweroff",
        "--no-block start appliance-inference",
        "--no-block stop appliance-inference appliance-camera@demo",
        "--no-block suspend",
    ]


def test_a_refusal_is_reported_in_the_words_of_pid_one(tmp_path: Path) -> None:
    host = Host(program(tmp_path / "systemctl", 'echo "Access denied" >&2; exit 4'))
    with pytest.raises(HostError, match=r"start appliance-x`: Access denied; check the polkit"):
        host.start("appliance-x").wait()
    order = wait_for(host.stop("appliance-x"))
    assert order.refused
    assert "Access denied" in str(order.error)


def test_no_systemctl_at_all_is_reported_as_well(tmp_path: Path) -> None:
    order = Host(str(tmp_path / "missing")).power_off()
    assert order.is_over()
    assert not order.refused
    assert "did not take the order `poweroff`" in str(order.error)


def test_a_systemctl_that_hangs_is_ended_and_reported(tmp_path: Path) -> None:
    script = "trap '' TERM; exec sleep 600"
    hanging = program(tmp_path / "systemctl", script)
    patient = Host(hanging).stop("appliance-x")
    assert not patient.is_over()
    patient.cancel()
    order = Host(hanging, limit_s=0.0).stop("appliance-x")
    assert order.is_over()
    assert not order.refused
    assert "systemctl did not answer within 0 s" in str(order.error)
    with pytest.raises(HostError, match="did not answer"):
        Host(hanging, limit_s=0.0).stop("appliance-x").wait()


def test_an_order_that_is_called_back_is_not_carried_out_any_more(tmp_path: Path) -> None:
    go, done = tmp_path / "go", tmp_path / "done"
    script = f"while [ ! -e {go} ]; do sleep 0.02; done; touch {done}"
    order = Host(program(tmp_path / "systemctl", script)).start("appliance-x")
    order.cancel()
    go.touch()
    assert order.is_over()
    assert order.error is None
    assert not done.exists()


def test_a_child_that_keeps_the_pipe_open_holds_nobody_up(tmp_path: Path) -> None:
    script = "sleep 600 & echo $! > " + str(tmp_path / "child") + "; echo refused >&2; exit 1"
    order = wait_for(Host(program(tmp_path / "systemctl", script)).start("appliance-x"))
    os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)
    assert "refused" in str(order.error)


def test_what_units_are_doing_is_asked_without_waiting(tmp_path: Path) -> None:
    script = 'echo "$@"'
    order = wait_for(Host(program(tmp_path / "systemctl", script)).show("Id,Result", "a", "b"))
    assert order.output == "show --property Id,Result a b\n"


def test_an_order_is_followed_without_waiting_for_it(tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.touch()
    script = f'echo "$@" > {tmp_path}/heard; while [ -e {go} ]; do sleep 0.02; done; exit 3'
    order = Host(program(tmp_path / "systemctl", script)).run("appliance-checkin")
    assert not order.is_over()
    go.unlink()
    wait_until(order.is_over, "the end of the order")
    assert (tmp_path / "heard").read_text() == "--no-ask-password start appliance-checkin\n"


def test_a_job_that_takes_too_long_is_left_alone(tmp_path: Path) -> None:
    errand = Host(program(tmp_path / "systemctl", "exec sleep 60")).run("appliance-checkin")
    errand.abandon()
    assert errand.is_over()


def test_a_job_that_cannot_be_begun_is_reported(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="did not take the order `start appliance-checkin`"):
        Host(str(tmp_path / "missing")).run("appliance-checkin")


def test_an_answer_of_any_length_and_of_any_bytes_is_cut_and_read(tmp_path: Path) -> None:
    script = "printf '\\377no, '; head -c 60000 /dev/zero | tr '\\0' '?'; exit 4"
    order = wait_for(Host(program(tmp_path / "systemctl", f"({script}) >&2")).stop("appliance-x"))
    assert "\ufffdno, [60001 more characters]; check" in str(order.error)


def test_a_child_that_goes_on_writing_does_not_keep_its_reader() -> None:
    process = subprocess.Popen(["yes"], stdout=subprocess.PIPE)
    with process:
        wait_until(lambda: len(read_pipe(process.stdout)) > 0, "its first line")
        assert len(read_pipe(process.stdout)) <= 2 * MOST_BYTES
        process.kill()


NO_DESCRIPTOR = """
import os, sys, time
from appliance.process.host import Host
host, taken = Host(sys.argv[1]), []
try:
    while True:
        taken.append(os.dup(2))
except OSError:
    os.close(taken.pop()) if len(sys.argv) > 2 else None
for order in (host.stop("appliance-x"), host.show("Id", "appliance-x")):
    while not order.is_over():
        time.sleep(0.01)
    os.write(1, f"{order.error}\\n".encode())
for one in taken:
    os.close(one)
"""


@pytest.mark.processes
@pytest.mark.parametrize("left", [[], ["one"]])
def test_without_a_free_file_descriptor_an_order_is_given_all_the_same(
    tmp_path: Path, left: list[str]
) -> None:
    heard = tmp_path / "heard"
    path = program(tmp_path / "systemctl", f'echo "$@" >> {heard}')
    command = ["prlimit", "--nofile=20", sys.executable, "-c", NO_DESCRIPTOR, path, *left]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "None",
        "PID 1 was not asked: this process has no free file descriptor",
    ]
    # Nobody waits for the order: what was asked later may be heard first.
    order = "--no-block stop appliance-x"
    wait_until(lambda: order in heard.read_text().splitlines(), "the order")
