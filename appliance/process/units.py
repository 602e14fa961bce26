"""The names of the unit files in systemd/, made from a service's own name.

In: a service's name as it is in the database ("power", "camera@front"). Out: its unit.
Never: asks PID 1; a test compares with the files in systemd/.
"""

PREFIX = "appliance-"


def format_unit(service: str) -> str:
    """The name for `systemctl`: "power" gives "appliance-power.service"."""
    return f"{PREFIX}{service}.service"
