"""The topics of alarms. Pure.

In: the root of a unit's topics. Out: topics.
Never: builds a payload; alarm_replies.py does.
"""

ALL = "ALL"  # alarms that nobody has acknowledged


def make_alarm_topic(root: str) -> str:
    """The newest alarm, and what waits."""
    return f"{root}/alarm"


def make_acknowledge_topic(root: str) -> str:
    """Where somebody says that an alarm was seen."""
    return f"{make_alarm_topic(root)}/acknowledge"
