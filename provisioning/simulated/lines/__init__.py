"""Lines that simulated devices answer on: pseudo-terminals, TCP, loopback; and how they fail."""
