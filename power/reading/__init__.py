"""Polls: one device, all devices, what is plausible, and how several become one reading."""
