"""What power adds to `unitctl` (docs/decisions/0008): `power` and `energy`."""
