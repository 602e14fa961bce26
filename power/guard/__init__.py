"""What may run at most. The guard needs no plan, no database and no clock."""
