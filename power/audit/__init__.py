"""What is wrong with how the battery is treated: set-points, cells, and alarms before damage.

    findings = audit_set_points(set_points, settings.battery)

`set_points` judges what a device is set to; `cells` the number of cells; `alarms` what happens now;
`watch` turns all of it into faults. Nothing here writes to a device.
"""
