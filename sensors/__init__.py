"""The unit's sensors: cameras, camera alarms, GPU, temperatures, disk.

    camera/      one process per camera: motion detection, pictures on demand
    hints/       the cameras' own motion alarms (ONVIF)
    commands/    `unitctl cameras find`, `unitctl link`
    link/        the mobile link: modem, volume, watchdog
    cycle.py     the computer, once a minute: environment.py, jetson.py, gpu.py

Reads: cameras, NVML and the kernel's files. Writes: the rows that appliance/store/tables.py lists.
Never: imports power, ota or inference, and never decodes a picture that nobody asked for.
"""
