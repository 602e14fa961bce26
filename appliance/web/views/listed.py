"""Which views the page has, in the order of its navigation.

Reads and writes: nothing.
Never: holds a view without an address of its own: each can be sent to somebody, and gone back to.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """One view. `title`: English, translated where it is shown. `parts`: the modules of its script
    (below static/, without .js), which the browser requests at once instead of one after another.
    """

    name: str
    title: str
    parts: tuple[str, ...] = ()

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
            "inference",
            "camera",
            "picture",
            "box",
            "events",
            "dialog",
            "services",
            "alarms",
            "update",
            "faults",
        ),
    ),
    View(
        "energy",
        "Energy",
        (
            "pastday",
            "daychart",
            "chartdraw",
            "whythen",
            "ahead",
            "history",
            "whatif",
        ),
    ),
    View("devices", "Devices", ("values",)),
)
