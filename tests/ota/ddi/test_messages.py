"""What a DDI server says and what is kept of it: any bytes are read, or refused in words."""

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ota.ddi.messages import Link, read_deployment, read_poll
from tests.fuzz import updates
from tests.fuzz.json_edits import edit
from tests.fuzz.update_corpus import CHANGES

JUDGES = (
    (updates.judge_poll, updates.POLL),
    (updates.judge_deployment, updates.DEPLOYMENT),
    (updates.judge_kept, updates.KEPT),
)


@given(st.binary(max_size=200), st.integers(0, len(JUDGES) - 1))
def test_any_bytes_are_no_error(data: bytes, number: int) -> None:
    JUDGES[number][0](data)


@pytest.mark.parametrize("number", range(len(JUDGES)))
def test_a_right_message_changed_in_any_place_is_no_error(number: int) -> None:
    judge, right = JUDGES[number]
    random = Random(1)
    for change in (*CHANGES, *(random.randbytes(6) for _ in range(300))):
        judge(json.dumps(edit(right, change)).encode())


def test_of_a_link_only_the_action_and_its_mark_count() -> None:
    href = "https://elsewhere.test:99/relay?off/deploymentBase/-7?c=-2127183556"
    tree = {"_links": {"deploymentBase": {"href": href}}}
    assert read_poll(json.dumps(tree).encode()).deployment == Link("-7", "?c=-2127183556")


def test_an_answer_without_anything_wants_nothing() -> None:
    poll = read_poll(b"{}")
    assert (poll.sleep_s, poll.deployment, poll.confirmation, poll.cancel) == (None,) * 4
    assert not poll.asks_attributes
    deployment = read_deployment(b'{"deployment": {"chunks": []}}', "deployment")
    assert deployment.releases == ()
