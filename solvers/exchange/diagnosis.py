"""Components without a plan: short of what is required for sure, or feasible after all."""

import numpy as np

from solvers.exchange.components import split
from solvers.exchange.engine import Effort, Ending
from solvers.exchange.outcome import Shortfalls
from solvers.exchange.pieces import Solved, Task
from solvers.exchange.restrict import membership, restrict
from solvers.exchange.shortfall import diagnose


def rescue(task: Task, solved: Solved, effort: Effort) -> None:
    """Diagnose the components without a plan; one that is feasible after all gets it, in place."""
    planless = (Ending.INFEASIBLE, Ending.NOTHING)
    lost = np.array([ending in planless for ending in solved.ending], dtype=bool)
    members = membership(task.parts, lost)
    for component in np.flatnonzero(lost).tolist():
        lanes = members["k"][component]
        part = restrict(task.problem, members, component)
        found = diagnose(part, task.most[lanes], effort)
        solved.ending[component] = found.ending
        if found.plan is not None:
            solved.ending[component] = Ending.FEASIBLE
            solved.shipped[lanes] = found.plan.shipped


def shortfalls(task: Task, effort: Effort) -> Shortfalls:
    """The least total by which an infeasible problem falls short, all its limits counted."""
    problem = task.problem
    whole = split(problem, task.live, range(len(problem.limits)))
    must_ship = np.zeros_like(problem.supply)
    must_fill = np.zeros_like(problem.demand)
    required = np.zeros(problem.sizes["w"])
    must = whole.flag("m", problem.must_ship) | whole.flag("n", problem.must_fill)
    must |= whole.flag("w", problem.required)
    members = membership(whole, must)
    for component in np.flatnonzero(must).tolist():
        part = restrict(problem, members, component)
        found = diagnose(part, task.most[members["k"][component]], effort)
        must_ship[members["m"][component]] = found.must_ship
        must_fill[members["n"][component]] = found.must_fill
        required[members["w"][component]] = found.required
    message = (
        f"short of what is required: {must_ship.sum():g} not shipped from "
        f"{np.any(must_ship > 0, axis=1).sum()} sources, {must_fill.sum():g} not delivered to "
        f"{np.any(must_fill > 0, axis=1).sum()} sinks, {required.sum():g} missing on "
        f"{(required > 0).sum()} ways"
    )
    return Shortfalls(must_ship, must_fill, required, message)
