"""Each view in Romanian, with faults of many rooms: no English sentence is left on it."""

import re
import subprocess

import pytest
from playwright.sync_api import Browser

from appliance.errors import ApplianceError, BusError, ModelError, StoreError
from appliance.store.store import Store
from appliance.store.unreadable import UnreadableTable
from appliance.web.views.listed import VIEWS, View
from appliance.wording.sentence import say
from ota.trust.refusals import make_rollback
from power.protocol.errors import explain_closed
from power.reading.disagreements import compare_means, compare_voltages
from tests.stand_ins.playwright_browser import READY

pytestmark = pytest.mark.browser

ENGLISH = re.compile(r"\b(the|is|are|was|were|and|with|which|cannot|it|its|of|this)\b")


def list_faults() -> list[ApplianceError]:
    """One of each of several rooms."""
    return [
        BusError(explain_closed("tcp://10.0.0.7:502")),
        *compare_voltages({"charger main": 11.0, "bms pack": 14.8}),
        compare_means("bms pack", -2.0, 13.0),
        StoreError(UnreadableTable("event", 2, "17", "tier").text),
        make_rollback("timestamp", seen=4, floor=7, place="mirror 1"),
        ModelError(say("{path} is not in the store; `unitctl models add` it first", path="x.onnx")),
    ]


@pytest.fixture
def address(server: subprocess.Popen[str], power: Store, port: int) -> str:
    for number, error in enumerate(list_faults()):
        error.code = f"fault-{number}"
        power.raise_fault("power", error)
    return f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_in_romanian_has_no_english_sentence(
    chromium: Browser, address: str, view: View
) -> None:
    tab = chromium.new_page()
    tab.goto(f"{address}{view.path}?lang=ro")
    tab.wait_for_selector(READY)
    lines = tab.inner_text("body").splitlines()
    assert [one for one in lines if len(set(ENGLISH.findall(one))) > 1] == []
    tab.close()


def test_the_faults_are_on_the_page_in_romanian(chromium: Browser, address: str) -> None:
    tab = chromium.new_page()
    tab.goto(f"{address}/?lang=ro")
    tab.wait_for_selector(READY)
    for words in ("nimic nu acceptă o conexiune", "sunt pe aceeași baterie"):
        tab.get_by_text(words).first.wait_for(state="attached")
    tab.close()
