"""The image in a virtual machine, with nothing real around it (`make image-run`).

programs.py       what must be installed on this computer, and the firmware
guest_disk.py     a copy of the disk, and the files on its ESP
tpm.py            its TPM, where it has one
control.py        QEMU's own control socket
machine.py        the machine: started, cut off from power, shut down
site.py           what stands around a unit: charger and battery, a technician's key, settings
demonstration.py  all of it for somebody who looks at the page
"""
