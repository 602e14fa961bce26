"""Pictures and files of pictures: frames on a socket, snapshots on disk, and how both are erased.

Reads and writes: frames over Unix sockets; files below the data directory.
Never: decodes or decides; cameras and inference do.
"""
