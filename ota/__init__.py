"""Updates of the unit: signed, gated by energy, resumed after any cut, taken back when they fail.

Reads: mirrors of a static tree (web server, USB stick, neighbour), the settings, the rows of the
energy. Writes: its own directory (settings `[update] dir`), the rows that appliance/store/tables.py
lists.
Never: trusts where a byte came from, only what signed it; or imports power, sensors or inference.

The data runs one way, from the first part to the last:

    files, disk   the files that must survive a power cut, behind one seam
    reserve       room that is given up where a full disk would keep a release on trial
    manifest      what one release consists of: hashes of operating system, app, models, settings
    mirrors/      where bytes come from: HTTPS, a directory (USB stick), a neighbour
    trust/        which release is meant for this unit, by TUF metadata: offer.py
    payload/      fetches what of a release is not here yet, verified chunk by chunk
    layers/       app, models and settings as trees named by hash; activated by one pointer
    slots/        the two operating systems: RAUC, Jetson, a directory on a laptop
    health/       what worked before an update must work after it: one file each
    machine/      the states of an update, its journal, the energy gate
    checkin/      `python -m ota.checkin`: reports, asks, and lets the machine take its steps

stick/ is root's oneshot that mounts a USB stick for the check-in, when a technician at the page
orders that.

On request: commands/ answers `unitctl update`; release/ is the release engineer's command `fleet`,
which is never run on a unit.
"""
