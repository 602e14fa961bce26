"""Sends one message as an SMS, in two parts at most.

Reads and writes: ModemManager.
Never: sends a picture, or to what is no telephone number.
"""

import re

from appliance.alarms.channels.errors import ChannelError, ChannelRefusedError
from appliance.alarms.channels.modem import connect_modem
from appliance.alarms.channels.requests import SendRequest, Sent
from appliance.wording.shorten import shorten

NUMBER = re.compile(r"\+?[0-9]{3,15}")
# 3GPP TS 23.038: the basic character set, without what takes two places in it.
GSM_7 = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
PARTS = 2
MOST_GSM_7, MOST_OTHER = PARTS * 153, PARTS * 67  # characters, each part with its header
MARK = 30  # places for how much is left out; its brackets take two each
PART_BYTES = 140


def send_sms(request: SendRequest) -> Sent:
    """Send it. Raises `ChannelError`."""
    name = request.channel
    number = re.sub(r"[ ()/.-]", "", request.number)
    if not NUMBER.fullmatch(number):
        raise ChannelRefusedError(
            f"{name}: `number` of [channel.{name}] is no telephone number: write it such as "
            "+40711222333"
        )
    text = write_text(request.title, request.body)
    try:
        with connect_modem() as modem:
            modem.send_sms(number, text)
    except ChannelError as error:
        raise type(error)(f"{name}: {error}", unsure=error.unsure) from error
    return Sent(PARTS * PART_BYTES if len(text) > PART_BYTES else PART_BYTES)


def write_text(title: str, body: str) -> str:
    """Title and body in one, of a length that two parts hold."""
    text = " ".join(f"{title}: {body}".split()) if body else title
    most = MOST_GSM_7 if set(text) <= set(GSM_7) else MOST_OTHER
    return text if len(text) <= most else shorten(text, most - MARK)
