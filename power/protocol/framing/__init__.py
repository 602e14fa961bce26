"""Frames of protocols other than Modbus: how a request is made and its reply found, as pure rules.

Reads and writes: nothing; each is a `power.protocol.links.Framing`.
Never: shared with the simulators, so that an error in one cannot hide in the other.
"""
