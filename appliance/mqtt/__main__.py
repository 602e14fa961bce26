"""The MQTT service: `python -m appliance.mqtt --settings FILE`.

Reads and writes: what appliance/mqtt/cycle.py does.
Never: runs without a broker in the settings.
"""

from appliance.mqtt.cycle import MqttCycle
from appliance.process.service import Leave, Loop, Service, main

CYCLE_EVERY_S = 10.0


def assemble(service: Service) -> Loop:
    """Wire the service."""
    if not service.settings.mqtt.host:
        return Loop(leave, CYCLE_EVERY_S)
    mqtt = MqttCycle(service)
    mqtt.broker.start()
    return Loop(mqtt.cycle, CYCLE_EVERY_S, finish=mqtt.finish)


def leave() -> str:
    raise Leave("no broker is named in [mqtt]: there is nobody to report to")


if __name__ == "__main__":
    main("mqtt", assemble)
