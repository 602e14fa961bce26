"""Sleep: when the unit sleeps, when it is woken, and the energy check at boot.

request = PermissionRequest(verdict, by_voltage, battery, reading, now)
permission = controller.permit(request)             # before the orders
controller.permit_power_off(permission.verdict, request)   # when the loads have theirs
report = controller.act(level, battery, now)
"""
