"""What looking costs and may cost: the schedule, each camera's allowance, measured usage."""
