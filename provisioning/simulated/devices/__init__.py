"""Simulated power devices, one file each: they answer as the real ones do, quirks included."""
