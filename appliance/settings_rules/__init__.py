"""What must hold between settings.

rules         all of them: `find_errors`
alarm_rules, camera_rules, load_rules    those of alarms, cameras, switches and sources
places        where a setting stands that breaks one
"""
