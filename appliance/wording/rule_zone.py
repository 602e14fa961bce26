"""The zone or line in the text of an event's rule.

    find_zone_name("zone yard: stayed 10 s")     # yard

Reads and writes: nothing; pure.
Never: decides what a rule says; inference/events/rules.py writes it.
"""

RULE_WORDS = ("zone ", "line ")


def find_zone_name(rule: str) -> str:
    """The zone or line of an event's rule; "" without one."""
    for word in RULE_WORDS:
        if rule.startswith(word):
            return rule.removeprefix(word).partition(":")[0]
    return ""
