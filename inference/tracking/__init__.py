"""Tracking: one thing followed from frame to frame, with a Kalman filter and matching by overlap.

Reads and writes: nothing; pure.
Never: looks at a pixel.

    tracks = update_tracks(Tracks(), detections, media_s, threshold=0.45, patience_s=2.0)
    for one in tracks.live: print(one.number, one.label, one.box)
"""
