"""What an image costs: its size, its boot, its nights; and whether it can be built again.

sizes.py     how large, and which parts
night.py     wake-ups, memory, writes of an idle unit, in systemd-nspawn
start.py     from power to the page and to the first detection, in a virtual machine
again.py     two builds of one commit, compared
"""
