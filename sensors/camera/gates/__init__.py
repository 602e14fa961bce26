"""What notices motion: packet sizes first, then key frames; and whether it can be believed."""
