"""The read models: what page, `unitctl`, MQTT and metrics show, each computed once from rows.

Reads: the store. Writes: nothing.
Never: decides, or shows a stale row as fresh.

    status_document the status document (appliance/status.schema.json)
    charts, loads, sleep_and_outlook                     energy
    cameras, camera_costs, camera_moment, intervals      cameras
    model_files     the detection models on disk

    document = status_document.build(store, settings)       # all of it, as `unitctl status --json`
    moment = camera_moment.find_moment(store, "gate", at)   # one camera at one moment
"""
