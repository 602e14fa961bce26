"""Frames of protocols other than Modbus: building requests and finding replies, as pure rules.

Reads and writes: nothing; each is a `power.protocol.links.Framing`.
Never: shared with the simulators, so that an error in one cannot hide in the other.
"""
