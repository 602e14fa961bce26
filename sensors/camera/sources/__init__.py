"""Sources of encoded packets: RTSP, MJPEG over HTTP, V4L2, a video file; and how they are opened.

    address (parse, check) --> opening --> live | video_file  (both a `source.Camera`)

Reads: cameras, video files, password files. Writes: nothing.
Never: decodes pictures, but one to learn its size.
"""
