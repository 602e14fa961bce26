"""Polls of one device and of all, plausibility checks, and one combined reading of the unit."""
