"""Faults of the mobile link.

Reads and writes: nothing.
Never: a reason to stop: the unit works without its link.
"""

from appliance.errors import ApplianceError


class LinkError(ApplianceError):
    """The mobile link cannot be used, or a person must do something about it."""

    code = "link"


class LinkBudgetError(ApplianceError):
    """The month's volume is nearly or wholly used."""

    code = "link-budget"
