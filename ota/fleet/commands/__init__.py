"""The commands of `fleet` that need the fleet's database; opening.py has what they share."""
