"""One camera: listened to without decoding, looked at when it pays.

    source (live, clip) --packets--> feed --> gop (kept, decoded on demand) --> pictures
                                      |
                                      '--> motion: gate 0 (packet sizes), gate 1 (key frames), hints

Reads one camera and the fresh `EnergyBudget`; writes the camera's rows and hands pictures out.
Never: decodes a picture that nobody asked for, but for small looks at key frames.
"""
