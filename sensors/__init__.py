"""Floor package sensors."""
