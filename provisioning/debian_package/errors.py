"""Why no package can be built.

Reads and writes: nothing.
Never: is raised on a unit.
"""

from appliance.errors import ApplianceError


class PackageError(ApplianceError):
    """No package was written."""

    code = "package"
