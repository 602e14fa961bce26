"""How honest the state of charge is: the unit's estimator on batteries with their own tables."""
