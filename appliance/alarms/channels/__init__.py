"""Ways to reach somebody, each in a sending process but for the switches.

sender           what the service calls: a process for a batch, its time limit
requests         what that process is asked and answers
__main__         the process itself
apprise_channel  mail, ntfy, Telegram, Signal, webhooks: what Apprise reaches
apprise_plugins  the one part of Apprise that an address needs
sms, modem       an SMS by ModemManager
sia, sia_frame   a monitoring station by ANSI/SIA DC-09
ping             a dead man's switch by HTTP
connection_guard where it may connect to
secret_files     addresses and keys in files of their own; addresses: the form of one
settings_check   what can be said of those files before a message needs them
answer_log       answers on disk, for a service that was killed
unanswered       what was given whole, and not answered
failures, errors what went wrong, in words
switch_requests  a siren or a lamp, by the power service
"""
