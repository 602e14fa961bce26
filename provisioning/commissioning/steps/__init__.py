"""The steps of commissioning, one file each, in the order in which they are walked.

Reads and writes: nothing.
Never: a step that is not in `STEPS` is known to the engine.
"""

from provisioning.commissioning.step import Step
from provisioning.commissioning.steps.acceptance import AcceptanceStep
from provisioning.commissioning.steps.access import AccessStep
from provisioning.commissioning.steps.alarms import AlarmsStep
from provisioning.commissioning.steps.cameras import CamerasStep
from provisioning.commissioning.steps.claim import ClaimStep
from provisioning.commissioning.steps.clock import ClockStep
from provisioning.commissioning.steps.identity import IdentityStep
from provisioning.commissioning.steps.link import LinkStep
from provisioning.commissioning.steps.power_devices import PowerDevicesStep
from provisioning.commissioning.steps.site import SiteStep

# The link may bring the time and the place, and a claim needs the time.
STEPS: tuple[Step, ...] = (
    IdentityStep(),
    LinkStep(),
    ClockStep(),
    ClaimStep(),
    SiteStep(),
    PowerDevicesStep(),
    CamerasStep(),
    AccessStep(),
    AlarmsStep(),
    AcceptanceStep(),
)
