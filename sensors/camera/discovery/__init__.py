"""Finds cameras in the unit's own networks, asks each what it is, and writes it as settings.

    networks --> probe --matches--> what answered --> asking --ONVIF, a process of its own--> facts
                                                                                                |
    unit.toml <-- sections <-- technician agrees <-- choice (main, sub stream, key frames) <----'

Reads: answers of cameras, which are hostile input. Writes: nothing by itself; sections.py changes
the settings file, and only where somebody asks for it.
Never: runs beside the services (only when a unit is set up, or by `unitctl cameras find`), guesses
a password, or connects to another host than the one that answered.
"""
