"""App, models and settings of a release: trees named by their hash, activated by one pointer each.

Reads: trees and pointers of the update directory. Writes: pointers; removes trees nobody needs.
Never: changes a tree, or leaves a pointer that leads to half of one.

    pointers    one symbolic link: its form, how it is read, where it is
    origins     which release brought a tree
    garbage     what nothing names any more
    layers      the trial of a release, its commit, the way back
"""
