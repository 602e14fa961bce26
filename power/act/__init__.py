"""From verdict and proposal to orders: the arbiter, loads and GPU hosts."""
