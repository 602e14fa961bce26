"""Memory limits of a unit: who takes too much is ended alone, and started again."""

import re

import pytest

from tests.real_boot.unit import EmulatedUnit

VICTIM = "appliance-sensors"
OTHERS = ("appliance-power", "appliance-inference", "appliance-camera@yard")
DROP_IN = f"/run/systemd/system/{VICTIM}.service.d"
LIMIT_MB = 8  # of some 16 that it needs
SETTLE_S = 400.0


@pytest.fixture(scope="module")
def running(unit: EmulatedUnit) -> EmulatedUnit:
    """With settings, and everything that belongs to them."""
    unit.disk.put(unit.site.settings, "provision/unit.toml")
    unit.boot()
    wait_for_active(unit, VICTIM, *OTHERS)
    return unit


def wait_for_active(unit: EmulatedUnit, *names: str) -> None:
    def active() -> bool:
        return set(unit.ask(f"systemctl is-active {' '.join(names)}").split()) == {"active"}

    unit.wait_for(active, SETTLE_S, f"{', '.join(names)}")


def show(unit: EmulatedUnit, wanted: str, *names: str) -> list[str]:
    return unit.ask(f"systemctl show --value -p {wanted} {' '.join(names)}").split()


def test_every_service_has_a_limit_that_the_kernel_knows(running: EmulatedUnit) -> None:
    limits = show(running, "MemoryMax", VICTIM, *OTHERS, "appliance.slice")
    assert len(limits) == 5
    assert "infinity" not in limits
    used = show(running, "MemoryCurrent", VICTIM, *OTHERS)
    assert all(value.isdigit() for value in used)


def test_a_service_that_takes_more_than_its_limit_is_ended_alone_and_started_again(
    running: EmulatedUnit,
) -> None:
    before = show(running, "MainPID", *OTHERS)
    limit = f"[Service]\\nMemoryHigh=infinity\\nMemoryMax={LIMIT_MB}M\\nMemorySwapMax=0\\n"
    running.order(f'mkdir -p {DROP_IN}; printf "{limit}" >{DROP_IN}/90-test.conf')
    running.order(f"systemctl daemon-reload; systemctl restart --no-block {VICTIM}")

    def ended() -> bool:
        return "oom-kill" in running.ask(f"sudo journalctl --boot -u {VICTIM} -o cat")

    running.wait_for(ended, SETTLE_S, "the end of what takes too much")
    running.order(f"rm {DROP_IN}/90-test.conf; systemctl daemon-reload")
    wait_for_active(running, VICTIM, *OTHERS)
    assert show(running, "MainPID", *OTHERS) == before
    kernel = running.ask("sudo journalctl --boot -k -o cat")
    assert re.search(rf"oom-kill:.*task_memcg=/appliance.slice/{VICTIM}", kernel), kernel[-2000:]


def test_what_the_kernel_was_told_is_so(running: EmulatedUnit) -> None:
    """And what the command line has."""
    keys = (
        *("kernel.kptr_restrict", "kernel.dmesg_restrict", "kernel.unprivileged_bpf_disabled"),
        *("kernel.kexec_load_disabled", "kernel.yama.ptrace_scope", "kernel.sysrq"),
        *("kernel.io_uring_disabled", "kernel.core_pattern", "dev.tty.ldisc_autoload"),
    )
    said = running.ask(f"sudo sysctl -n {' '.join(keys)}").splitlines()
    assert said == ["2", "1", "1", "1", "2", "0", "2", "|/bin/false", "0"]
    cmdline = running.ask("cat /proc/cmdline").split()
    assert {"vsyscall=none", "slab_nomerge", "debugfs=off", "ro"} <= set(cmdline)
