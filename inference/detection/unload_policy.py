"""The unload policy: how long an idle model stays in memory (the ski-rental rule). Pure.

Inputs: energy of the last loading, power while it stays loaded, how long it has been idle.
Output: keep it or free it, and why.
Never: needs a forecast of when it will be needed again.

Keeping a model until that has cost as much as loading it again, and then freeing it, costs at most
twice the optimum with a known future (Karlin, Manasse, Rudolph, Sleator 1988: Competitive snoopy
caching).

On a GPU most of what waiting costs belongs to the process, not to the model: an H100 drew 72 W
without a process, 120 W with a model loaded and 119 W after it was freed, and 548 of 698 MiB stayed
taken. There, what saves energy is that the process leaves.
"""

import math
from dataclasses import dataclass

from appliance.wording.sentence import say


@dataclass(frozen=True, slots=True)
class UnloadDecision:
    """Keep or free. `free_after_s`: how long it may be idle in all; infinite where that is free."""

    keep: bool
    free_after_s: float
    reason: str


def decide_unload(*, load_j: float, idle_w: float, idle_s: float) -> UnloadDecision:
    """Whether a model that has been idle for `idle_s` stays loaded.

    `load_j`: energy to load and warm it. `idle_w`: power while it waits: 0 on a CPU, several watts
    where a GPU keeps a context and its clocks for it.
    """
    if idle_w <= 0:
        return UnloadDecision(
            keep=True,
            free_after_s=math.inf,
            reason=say("the model stays loaded: waiting costs nothing on this device"),
        )
    free_after_s = max(0.0, load_j) / idle_w
    spent_j = idle_w * idle_s
    if idle_s < free_after_s:
        return UnloadDecision(
            keep=True,
            free_after_s=free_after_s,
            reason=say(
                "the model stays loaded for {left_s:.0f} s more: waiting has cost {spent_j:.1f} J, "
                "loading it again would cost {load_j:.1f} J",
                left_s=free_after_s - idle_s,
                spent_j=spent_j,
                load_j=load_j,
            ),
        )
    return UnloadDecision(
        keep=False,
        free_after_s=free_after_s,
        reason=say(
            "the model is freed: waiting {idle_s:.0f} s has cost {spent_j:.1f} J, as much as "
            "loading it again ({load_j:.1f} J)",
            idle_s=idle_s,
            spent_j=spent_j,
            load_j=load_j,
        ),
    )
