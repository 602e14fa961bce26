"""What inference adds to `unitctl` (docs/decisions/0008)."""
