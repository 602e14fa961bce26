"""Energy of inference: the plan from the budget, an allowance per camera, cost and usage.

Reads and writes: nothing; its rows are stored by inference/cycle.py.
Never: imports `power`; the budget is a row.

    plan = make_plan(budget, settings.inference, Resources(cameras=2, cost_j=0.5))
    allowances.fill(plan.inference_w, plan.frames_per_s, costs_j, now_s)
"""
