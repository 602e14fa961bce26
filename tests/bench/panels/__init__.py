"""Panels over years of real weather: false alarms of sound ones, delays of faulty ones."""
