"""What is excused in Home Assistant's journal, and what is not."""

from tests.home_assistant.journal import is_complaint, parse_journal

FIRST = "2026-11-30 19:13:23.863 ERROR (MainThread) [homeassistant] Error doing job: "
TRACE = """Task exception was never retrieved (task: None)
Traceback (most recent call last):
  File "/srv/components/mqtt/client.py", line 1041, in {function}
    await self.async_publish(
homeassistant.exceptions.HomeAssistantError: Error talking to MQTT: {why}
"""
BIRTH = "_async_resubscribe_and_publish_birth_message"
GONE = "The client is not currently connected."
NEXT = "2026-11-30 19:13:24.100 INFO (MainThread) [homeassistant.core] next\n"


def list_complaints(function: str, why: str, before: str = FIRST) -> list[str]:
    text = before + TRACE.format(function=function, why=why) + NEXT
    return [one.text for one in parse_journal(text) if is_complaint(one)]


def test_a_birth_message_that_was_lost_with_the_broker_is_no_complaint() -> None:
    assert list_complaints(BIRTH, GONE) == []
    assert list_complaints(BIRTH, "The connection was lost.") == []


def test_another_task_that_was_lost_with_the_broker_is_a_complaint() -> None:
    assert len(list_complaints("_async_perform_subscriptions", GONE)) == 1


def test_a_birth_message_that_was_lost_otherwise_is_a_complaint() -> None:
    assert len(list_complaints(BIRTH, "Invalid function arguments provided.")) == 1


def test_a_traceback_belongs_to_the_entry_before_it_alone() -> None:
    other = FIRST + "another\n" + FIRST
    assert list_complaints(BIRTH, GONE, before=other) == ["Error doing job: another"]


def test_what_happens_as_it_should_is_no_complaint() -> None:
    assert [one for one in parse_journal("starting\n" + NEXT) if is_complaint(one)] == []
