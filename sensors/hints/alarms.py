"""Decodes ONVIF notifications of motion, by a table of topics. Pure.

In: topic and items of one notification. Out: motion, no motion, or None for other topics.
Never: guesses from a topic that is not in the table: cameras notify of many things.

Topics as in the ONVIF Analytics and Imaging service specifications and, for the last rows, as
makers use them (Reolink, Tapo, Dahua and others agree on `State`).
"""

from collections.abc import Mapping

# topic without its namespace prefix   the item that holds its present state
MOTION = {
    "VideoSource/MotionAlarm": "State",
    "RuleEngine/CellMotionDetector/Motion": "IsMotion",
    "RuleEngine/MotionRegionDetector/Motion": "State",
    "RuleEngine/FieldDetector/ObjectsInside": "IsInside",
    "RuleEngine/TPSmartEventDetector/TPSmartEvent": "IsPeople",
    "RuleEngine/CellMotionDetector/People": "IsPeople",
    "RuleEngine/CellMotionDetector/Intrusion": "IsIntrusion",
    "RuleEngine/MyRuleDetector/PeopleDetect": "State",
    "RuleEngine/MyRuleDetector/VehicleDetect": "State",
    "RuleEngine/MyRuleDetector/DogCatDetect": "State",
    "RuleEngine/MyRuleDetector/Visitor": "State",
}
# A line crossing has no state: it is an event.
MOTION_EVENTS = ("RuleEngine/LineDetector/Crossed", "RuleEngine/CellMotionDetector/LineCross")
TRUE, FALSE = ("true", "1"), ("false", "0")


def decode_motion(topic: str, items: Mapping[str, str]) -> bool | None:
    """True: motion now. False: no longer. None: the notification is of something else."""
    name = "/".join(part.rpartition(":")[2] for part in topic.strip().split("/"))
    if name in MOTION_EVENTS:
        return True
    value = items.get(MOTION.get(name, ""), "").strip().lower()
    if value in TRUE:
        return True
    return False if value in FALSE else None
