"""Signed updates of image, application and models. Nothing is here yet but its place.

The design is fixed: RAUC for the system slots, TUF for trust, an energy gate before every install.
"""
