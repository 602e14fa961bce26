"""Events: from tracks, through zones and lines, to rows with a snapshot and a clip.

Reads: nothing. Writes: snapshots and clips (snapshots.py); the rows are stored by the cycle.
Never: looks at a pixel, and never drops an event because its files cannot be written.

    lifecycle.py    which tracks become events, and when: start here (`update_drafts`)
    draft.py        the draft of one event, and its row
    rules.py        zones with dwell time and count, crossing lines; zones.py: their geometry
    rate_limit.py   many events in a short time become one row
    clips.py        which video clips are wanted from the camera
    snapshots.py    the files of events on disk, kept by age and size
"""
