"""Sections of the settings file that appliance/settings.py puts together, and what a field is."""
