"""Benches of growth: what more cameras, looks, rows and devices cost."""
