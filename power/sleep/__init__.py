"""Sleep: when the unit sleeps, when it is woken, and the energy check at boot.

permission = controller.permit(PermissionRequest(verdict, by_voltage, battery, reading, now))
report = controller.act(level, battery, now)
"""
