"""The simulated plant behind the devices: sun, clouds, panels, charger, battery, loads."""
