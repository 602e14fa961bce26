"""What can be wrong on the fleet's side: each text says what happened, where, and what to do.

Reads and writes: nothing.
Never: refuses a unit without a reason code, which the unit shows and the operator counts.
"""

from appliance.errors import ApplianceError
from appliance.wording.shorten import make_printable


class FleetError(ApplianceError):
    """The fleet's database, address or file cannot be used."""

    code = "fleet"


class RefusalError(FleetError):
    """What a unit sent is not taken. `reason_code`: the cause in kebab-case; `status`: HTTP's.

    What of `text` the unit wrote moves no cursor.
    """

    def __init__(self, text: str, reason_code: str, status: int) -> None:
        super().__init__(make_printable(text))
        self.reason_code, self.status = reason_code, status
