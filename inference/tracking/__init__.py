"""From detections to tracks: one thing, followed from picture to picture."""
