"""App, model and settings layers: trees named by hash, activated by one pointer.

Reads: verified payloads. Writes: trees and pointers below the update directory.
Never: changes a tree after it was made, or removes the one that is committed.
"""
