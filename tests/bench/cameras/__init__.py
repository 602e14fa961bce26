"""Benches of the camera wing: what is seen, how fast, and what it costs."""
