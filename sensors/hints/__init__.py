"""What others say of movement before the cameras: today the cameras' own ONVIF alarms.

Reads the cameras' event services; writes `CameraHint` rows, which the cameras' processes read.
Never: replaces the gates: a hint wakes, and whether anything moves is seen in the picture.
"""
