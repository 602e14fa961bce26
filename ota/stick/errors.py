"""What can be wrong with a stick: the text says what, and what to do.

Reads and writes: nothing.
Never: is a fault of the unit, which goes on without.
"""

from appliance.errors import ApplianceError


class StickError(ApplianceError):
    """An order to take a stick cannot be carried out; nothing was changed."""
