"""The alarm service: `python -m appliance.alarms --settings FILE`.

Reads: events, faults, sleeps, orders. Writes: the tables of alarms; messages to people.
Never: runs where the settings name no recipient, or holds a channel's password.
"""

from appliance.alarms import pictures
from appliance.alarms.answer_files import AnswerFiles
from appliance.alarms.channels.sender import Sender
from appliance.alarms.cycle import AlarmCycle, pass_over
from appliance.alarms.doorbell import Doorbell
from appliance.alarms.message_queue import MessageQueue
from appliance.alarms.requesting import Requester
from appliance.alarms.workers import Workers
from appliance.process.notify import take_passed_sockets
from appliance.process.service import Leave, Loop, Service, main

AT_ONCE_S = 0.0  # the cycle itself waits


def assemble(service: Service) -> Loop:
    """Wire the service."""
    bell = Doorbell(service.settings.alarm_socket, take_passed_sockets())
    if not service.settings.recipient:
        bell.wait(0.0)  # a datagram that is left there would start this service again at once
        bell.close()
        pass_over(service)
        return Loop(leave, AT_ONCE_S)
    bell.follow_signals()
    files = AnswerFiles(service.settings.alarm_answers_dir)
    workers = Workers(lambda _: Sender(answers=files.own), bell.ring)
    pictures.discard_all(service.settings)
    requester = Requester(service.store, service.settings)
    queue = MessageQueue(service.store, service.settings, workers, requester, files)
    alarms = AlarmCycle(service, bell, queue)

    def finish() -> None:
        workers.close()
        queue.settle()
        if queue.is_settled:  # else a process that still sends leaves its answer there
            files.close()
        bell.close()

    return Loop(alarms.cycle, AT_ONCE_S, finish=finish)


def leave() -> str:
    raise Leave("no [recipient.NAME] is in the settings: there is nobody to tell")


if __name__ == "__main__":
    main("alarm", assemble, find_errors=lambda _: ())
