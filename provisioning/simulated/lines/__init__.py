"""Lines that simulated devices answer on: pseudo-terminals, TCP, loopback; and their faults."""
