"""Floor package power."""
