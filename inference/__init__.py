"""Inference: frames within the energy budget, detections, tracks, events with snapshots and clips.

Reads the budget's rows and the cameras' sockets; writes the rows that appliance/store/tables.py
lists.
Never: imports power; energy is known here only as an EnergyBudget row.

    __main__.py    the service: wires the parts together
    cycle.py       one second of work: budget, plan, inference, tracks, events, rows
    model_pool.py  which model analyses which camera
    publish.py     drafts that are over become events with files; view.py: the live view
    cameras/       connections to the camera processes, one camera's tracks and drafts
    detection/     from a raw picture to detections; head blurring
    tracking/      detections of successive frames joined to tracks
    events/        zones, lines, the life of an event, its files
    energy/        plan, allowance per camera, cost per inference, usage
    model_store/   the models of this unit: examined, licensed, measured
    commands/      `unitctl models`
"""
