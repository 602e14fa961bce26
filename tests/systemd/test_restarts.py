"""How PID 1 restarts the services: never in a hot loop, and never the guard down for good."""

import pytest

from appliance.process import restart_failed
from appliance.settings import DEFAULT_PATH
from tests.systemd.unit_text import SERVICES, SHARED, UNITS, file_of, keys, values

RESIDENT = [s for s in SERVICES if values(file_of(s), "Type") != ["oneshot"]]
NEVER_DOWN = {"appliance-power.service", "appliance-web.service", "appliance-alarm.service"}
NEVER_DOWN |= {"appliance-proxy.service"}  # it needs no settings


@pytest.mark.parametrize("service", RESIDENT)
def test_a_service_with_wrong_settings_waits_for_their_mending_but_the_guard_and_the_page(
    service: str,
) -> None:
    unit = file_of(service)
    assert values(unit, "RestartPreventExitStatus") == ([] if service in NEVER_DOWN else ["2"])
    (longest_s,) = values(unit, "RestartMaxDelaySec")
    (first_s,) = values(unit, "RestartSec")
    assert values(unit, "RestartSteps") == ["6"]
    assert int(first_s) < int(longest_s) <= 300
    if service == "appliance-power.service":
        assert int(longest_s) <= 30
        assert values(unit, "Restart") == ["always"]


def test_what_waits_for_mended_settings_is_what_the_path_unit_starts_again() -> None:
    (path,) = values(UNITS / "appliance-settings.path", "PathChanged")
    assert path == str(DEFAULT_PATH)
    assert "appliance-settings.path" in values(UNITS / "appliance.target", "Wants")
    started = {s for s in SERVICES if restart_failed.RESIDENT.fullmatch(s)}
    waiting = {s for s in RESIDENT if values(file_of(s), "RestartPreventExitStatus")}
    assert started == waiting | {"appliance-power.service"}


def test_neither_a_service_nor_all_of_them_can_fill_the_journal() -> None:
    shared = UNITS / SHARED / "05-every-service.conf"
    assert {"LogRateLimitIntervalSec", "LogRateLimitBurst"} <= keys(shared)
    journal = UNITS / "journald.conf.d/appliance.conf"
    assert {"SystemMaxUse", "SystemKeepFree", "RuntimeMaxUse", "MaxRetentionSec"} == keys(journal)


def test_a_killed_check_in_is_started_again_and_one_that_failed_waits_for_its_timer() -> None:
    """It may have left a release on trial: until it has judged, that one runs."""
    unit = file_of("appliance-checkin.service")
    assert values(unit, "Restart") == ["on-abnormal"]
    assert values(unit, "RestartSec") == ["30"]
    assert (values(unit, "RestartSteps"), values(unit, "RestartMaxDelaySec")) == (["6"], ["3600"])
