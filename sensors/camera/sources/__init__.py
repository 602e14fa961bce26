"""Where a camera's packets come from: RTSP, MJPEG, V4L2, a video file; and how they are opened."""
