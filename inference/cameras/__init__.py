"""The cameras that inference reads: connections, waiting for frames, tracks and event drafts.

Reads: frame sockets of the camera processes. Writes: requests to them.
Never: decodes a stream, and never lets one camera that hangs delay another.
"""
