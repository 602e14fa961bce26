"""An update from a USB stick that was ordered at the page: root's oneshot (decision 0063).

Reads: what is plugged in, the order of the page. Writes: mounts, orders, what becomes of it.
Never: reads a release, or trusts one.

    errors    what can be wrong with a stick
    tree      finds the directory with the releases on a stick
    programs  runs a program that may hang on a bad stick
    drives    finds the sticks that are plugged in
    mounting  has PID 1 mount one, and takes it off again
    taking    one order from its beginning to its end
"""
