"""The words of a report that are always the same.

Reads and writes: nothing.
Never: a text that is not in the catalogues.
"""

from appliance.wording.sentence import say
from provisioning.commissioning.findings import Verdict

VERDICTS = {
    Verdict.PASSED: say("passed"),
    Verdict.FAILED: say("failed"),
    Verdict.NOT_POSSIBLE: say("not possible"),
    Verdict.NOTED: say("noted"),
}
STATUSES = {
    "done": say("done"),
    "to_do": say("to do"),
    "needs_answer": say("needs an answer"),
    "blocked": say("blocked"),
    "skipped": say("skipped"),
}
STEPS = {
    "identity": say("Identity"),
    "claim": say("Claim at the fleet"),
    "site": say("Site"),
    "power_devices": say("Power devices"),
    "cameras": say("Cameras"),
    "link": say("Link"),
    "clock": say("Clock"),
    "access": say("Logins and PIN"),
    "alarms": say("Alarms"),
    "acceptance": say("Acceptance test"),
}
PARTS = {
    "replaced_charger": say("Charge controller replaced"),
    "replaced_battery": say("Battery replaced"),
    "replaced_camera": say("Camera replaced"),
    "replaced_ssd": say("Disk (SSD) replaced"),
}
TEXTS = {
    "unit": say("The unit and this report"),
    "checks": say("Acceptance test"),
    "open": say("Left open"),
    "photographs": say("What the cameras see"),
    "site": say("Site"),
    "devices": say("Devices"),
    "steps": say("Commissioning"),
    "versions": say("Versions"),
    "signature": say("Signature"),
    "what": say("What"),
    "value": say("Value"),
    "check": say("Check"),
    "result": say("Result"),
    "reason": say("Reason"),
    "figures": say("Figures"),
    "step": say("Step"),
    "when and who": say("When and who"),
    "nothing open": say("Nothing is left open."),
    "no camera": say("This unit has no camera."),
    "not known": say("not known"),
    "clock right": say("confirmed by a time server"),
    "clock not confirmed": say("not confirmed by a time server"),
    "how to verify": say(
        "This file is listed with its SHA-256 in MANIFEST.sha256, which the unit has signed with "
        "its own key (ECDSA P-256). VERIFY.txt beside it has the commands that check both."
    ),
}
