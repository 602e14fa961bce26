"""Hints: motion reported from outside, today by the cameras' own ONVIF alarms (`appliance-hints`).

    camera --ONVIF pull point--> listener --alarms.decode_motion--> alarm_receiver --> CameraHint

Reads: the cameras' event services. Writes: `CameraHint` rows, which the cameras' processes read.
Never: replaces the gates: a hint wakes, and the picture decides whether anything moves.
"""
