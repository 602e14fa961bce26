"""Acting: the arbiter sets the budget, the actuator gives the orders to PID 1."""
