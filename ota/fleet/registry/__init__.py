"""What is known of the units: questions for the page, the commands and the rollouts.

states      one word for each unit, by what it told last and when
questions   lists, counts, one unit whole
changes     what the operator changes: take a unit out, accept one
"""
