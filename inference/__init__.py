"""What the cameras saw: frames by the energy budget, detections, tracks, events with snapshots.

Reads the budget's rows and the cameras' sockets; writes the rows that appliance/store/tables.py
lists.
Never: imports power; energy is known here only as an EnergyBudget row.
"""
