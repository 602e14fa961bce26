"""Sets a unit up; today the laptop, where the same processes run without hardware.

Reads and writes: unit files, settings files, the run directory.
Never: is imported by another package.

    .venv/bin/python -m provisioning --day 4min     (or `make run`)
"""
