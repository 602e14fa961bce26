"""The walk of commissioning: its time on a booted image, and what a person types."""
