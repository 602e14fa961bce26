"""`python -m power.plan`: makes the plan of the days ahead and ends (a timer starts it twice a
day).

Reads and writes: see power/plan/run.py.
Never: holds a rule.
"""

from power.plan.run import main

if __name__ == "__main__":
    main()
