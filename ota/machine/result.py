"""What a state of an update comes to: on to the next, or wait.

Reads and writes: nothing.
Never: without its reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.model_updates import UpdateStep


@dataclass(frozen=True, slots=True)
class Go:
    """The next state, and why; `facts` go into its record."""

    step: UpdateStep
    reason: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing more can be done now. `waits_for` as in `UpdateState`; `again_s`: look again so soon
    (unit seconds), None: with the next check-in.
    """

    reason: str
    waits_for: str = ""
    again_s: float | None = None
    progress_pct: float | None = None


Result = Go | Wait
