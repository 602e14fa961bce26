"""What should run: the plan of the days ahead (a oneshot service), and who follows it.

`python -m power.plan` makes the plan (run.py); policy_planner.py and ladder.py follow it.
"""
