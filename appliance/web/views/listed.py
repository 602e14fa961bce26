"""Which views the page has, in the order of its navigation.

Reads and writes: nothing.
Never: holds a view without an address of its own: each can be sent to somebody, and gone back to.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """One view. `title`: English, translated where it is shown. `parts`: the modules of its script
    (below static/, without .js), which the browser requests at once instead of one after another.
    `within`: the view of the navigation that it belongs to, where it is none of it itself.
    """

    name: str
    title: str
    parts: tuple[str, ...] = ()
    within: str = ""

    @property
    def path(self) -> str:
        """Its address on the unit."""
        return "/" if self.name == OVERVIEW else f"/{self.name}"


OVERVIEW = "overview"
VIEWS = (
    View(
        OVERVIEW,
        "Overview",
        (
            "summary",
            "headline",
            "night",
            "battery",
            "sun",
            "load",
            "chart",
            "daychart",
            "chartdraw",
            "sums",
            "inference",
            "camera",
            "cameramode",
            "picture",
            "box",
            "eventcard",
            "events",
            "services",
            "alarms",
            "faults",
        ),
    ),
    View(
        "cameras",
        "Cameras",
        (
            "cameracard",
            "cameracoverage",
            "cameramode",
            "cameraorders",
            "still",
            "timelapse",
            "picture",
        ),
    ),
    View(
        "events",
        "Events",
        (
            "eventlist",
            "eventaddress",
            "eventfilters",
            "eventcard",
            "eventacts",
            "erasing",
            "timeline",
            "box",
        ),
    ),
    View(
        "energy",
        "Energy",
        (
            "pastday",
            "daychart",
            "chartdraw",
            "sums",
            "whythen",
            "ahead",
            "history",
            "whatif",
        ),
    ),
    View("updates", "Updates", ("update",)),
    View("devices", "Devices", ("values",)),
    View("models", "Models"),
    View("decisions", "Decisions"),
    View(
        "settings",
        "Settings",
        ("settingsform", "settingsfield", "settingschange", "settingshistory"),
    ),
    View("about", "About", ("services",)),
)
COMMISSIONING = View("commissioning", "Set-up", ("questions",), within="about")
EVENT = View(  # /events/ID
    "event", "Event", ("oneevent", "eventaddress", "eventcard", "erasing", "box"), within="events"
)
