"""The acceptance test: independent checks of what was set up, each with its figures.

limits       every threshold, with its reason
scene        what the checks look at: rows, PID 1, files of the kernel, cameras
steps_of_current  what a switched load shows: sign, resistance, power; pure
switching    switches a load off and on, and puts it right after a kill
sun, battery, load, cameras, inference, computer, remote, power_cut    the checks
running      all of them, one after the other
stored       how the last test ended

Reads: rows of the services, what the kernel and PID 1 say. Writes: orders to PID 1 for one switched
load, how the test ended.
Never: lets one check's failure keep another from being done, or leaves a load switched.
"""
