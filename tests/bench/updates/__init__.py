"""`make bench-updates`: crash images, attacks, bad links, deltas of updates."""
