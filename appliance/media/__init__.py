"""Pictures between processes and on disk: frames over a socket, event files, erasing of events.

    frames.py    FrameServer, FrameClient: one picture for each request
    files.py     where pictures and clips of events are stored
    thumbnails.py    the small picture inside a snapshot's file
    erasing.py   erases events with their files (`unitctl events erase`)

Reads and writes: frames over Unix sockets; files below the data directory.
Never: decodes or decides; cameras and inference do.
"""
