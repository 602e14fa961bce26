"""What units report: read strictly, proved by their keys, and each of them once.

report      the document: its fields and bounds
signature   whose it is
chain       whether it follows the newest one, is a replay, or comes from a second box
intake      all three, then the rows
"""
