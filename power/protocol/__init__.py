"""Protocols of power devices: registers, profiles, buses, framing and links. No device is here."""
