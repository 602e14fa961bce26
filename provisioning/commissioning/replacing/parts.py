"""The walks of all parts, by the word of the command line.

Reads and writes: nothing.
"""

from provisioning.commissioning.replacing.battery import BatteryWalk
from provisioning.commissioning.replacing.camera import CameraWalk
from provisioning.commissioning.replacing.charger import ChargerWalk
from provisioning.commissioning.replacing.ssd import SsdWalk
from provisioning.commissioning.replacing.walk import Walk

PARTS: dict[str, Walk] = {
    walk.part: walk for walk in (ChargerWalk(), BatteryWalk(), CameraWalk(), SsdWalk())
}
WALKS = tuple(PARTS.values())
