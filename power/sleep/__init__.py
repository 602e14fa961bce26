"""Sleep and return: when, how long, the alarm that wakes, and the check at boot."""
