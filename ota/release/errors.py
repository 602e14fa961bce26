"""What can be wrong at the release engineer's desk: each text says what, where, and what to do.

Reads and writes: nothing.
Never: shows a passphrase or a PIN.
"""

from appliance.errors import ApplianceError


class ReleaseError(ApplianceError):
    """A release, key or tree is not as the command needs it; nothing was changed by it."""
