"""Sites whose power devices are sound, or have one fault, through the checks of the readings."""
