"""What the demonstration counts."""

from appliance.model_updates import UpdateStep
from provisioning.update_demo.unit_side import count_entries

TRIAL, ROLLBACK, REPORT = UpdateStep.TRIAL, UpdateStep.ROLLBACK, UpdateStep.REPORT


def test_a_rollback_that_is_told_twice_is_one_rollback() -> None:
    steps = [TRIAL, ROLLBACK, ROLLBACK, REPORT, TRIAL, ROLLBACK, REPORT]
    assert count_entries(steps, ROLLBACK) == 2
    assert count_entries(steps, UpdateStep.COMMIT) == 0
