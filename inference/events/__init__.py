"""From tracks to events: zones and rules, the life of an event, its snapshot and clip."""
