"""What the unit sees and feels: cameras, GPU, temperatures, disk.

Reads clips and the kernel's files; writes the rows that appliance/store/tables.py lists.
Never: imports power, ota or inference, and never decodes a picture that nobody asked for.
"""
