"""Checks of what is elsewhere: the update server was reached, a test alarm arrived.

Reads: CheckIn, Alarm and AlarmDelivery rows, the settings. Writes: nothing.
Never: fails a unit that has no link by design: that is noted.
"""

from collections import Counter

from appliance.model_alarms import Alarm, AlarmDelivery, AlarmKind, DeliveryState
from appliance.model_updates import CheckIn
from appliance.wording.sentence import say
from provisioning.commissioning.acceptance.limits import ALARM_AGE, CHECK_IN_AGE
from provisioning.commissioning.acceptance.scene import Scene
from provisioning.commissioning.findings import Figure, Finding, Verdict

SERVER, ALARMS = say("The update server answers"), say("A test alarm arrives")
ARRIVED = (DeliveryState.SENT, DeliveryState.ACKNOWLEDGED)
MOST_ROWS = 200


def check_server(scene: Scene) -> Finding:
    """By the newest check-in."""
    row = scene.store.last(CheckIn) if scene.store else None
    age_s = scene.age_s(row)
    figures = () if row is None else (Figure(say("Answer"), row.text, "", age_s),)
    if row is None:
        verdict, reason = (
            Verdict.NOTED,
            say("the unit has never asked: `systemctl start appliance-checkin` asks now"),
        )
    elif row.mirror and age_s is not None and age_s <= CHECK_IN_AGE.value:
        verdict, reason = Verdict.PASSED, say("{mirror} answered", mirror=row.mirror)
    elif row.mirror:
        verdict, reason = Verdict.NOTED, say("{mirror} answered, but not lately", mirror=row.mirror)
    else:
        verdict, reason = (
            Verdict.NOTED,
            say(
                "it cannot be reached from here: {why}; updates come when there is a link, or by a "
                "stick",
                why=row.text,
            ),
        )
    return Finding("update server", SERVER, verdict, reason, figures)


def check_alarms(scene: Scene) -> Finding:
    """The newest test alarm and its messages."""
    if not scene.settings.recipient:
        reason = say("the settings name no recipient: nobody is told of anything")
        return Finding("alarms", ALARMS, Verdict.NOTED, reason)
    rows = scene.store.rows(Alarm, limit=MOST_ROWS, newest_first=True) if scene.store else []
    test = next((one for one in rows if one.kind is AlarmKind.TEST), None)
    age_s = scene.age_s(test)
    if scene.store is None or test is None or age_s is None or age_s > ALARM_AGE.value:
        reason = say("no test was sent since the start: `unitctl alarms test`, then test again")
        return Finding("alarms", ALARMS, Verdict.NOT_POSSIBLE, reason)
    sent = [
        one
        for one in scene.store.rows(AlarmDelivery, limit=MOST_ROWS, newest_first=True)
        if one.alarm_id == test.alarm_id
    ]
    return judge(sent, age_s)


def judge(sent: list[AlarmDelivery], age_s: float) -> Finding:
    """Every recipient must have it by one way at least."""
    reached = {one.recipient for one in sent if one.state in ARRIVED}
    missed = sorted({one.recipient for one in sent} - reached)
    counts = Counter(one.state.value for one in sent)
    figures = tuple(Figure(state, count, "", age_s) for state, count in sorted(counts.items()))
    if missed or not sent:
        why = next((one.reason for one in sent if one.recipient in missed), "")
        verdict, reason = (
            Verdict.FAILED,
            say(
                "the test did not arrive at {names}: {why}; `unitctl alarms list` says more",
                names=", ".join(missed) or "-",
                why=why,
            ),
        )
    else:
        verdict, reason = Verdict.PASSED, say("the channels have taken a test for each recipient")
    return Finding("alarms", ALARMS, verdict, reason, figures)
