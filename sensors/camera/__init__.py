"""One camera: motion detection without decoding, and pictures decoded on demand.

    sources (live, video file) --> connection --packets--> feed --> pictures (gop, encoding, clips)
                                                            |
    budget, hints --> cycle --mode--> feed                  '-----> gates (motion segments)

Reads one camera and the fresh `EnergyBudget`; writes the camera's rows and hands pictures out.
Never: decodes a picture that nobody asked for, but small key frames for gate 1.
"""
