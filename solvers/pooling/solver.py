"""Solve a pooling problem: the linear rest as ever, the pooled part by its own methods."""

import time
from dataclasses import replace
from typing import Any

import numpy as np

from solvers.exchange.arrays import Floats
from solvers.exchange.audit import TOLERANCE, breaches
from solvers.exchange.block import Block
from solvers.exchange.engine import Effort, Ending
from solvers.exchange.outcome import Outcome, Prices, Shortfalls, Status
from solvers.exchange.pieces import PRICED
from solvers.exchange.plan import Plan, limit_totals, plan_of, values
from solvers.exchange.pricing import no_prices
from solvers.exchange.reach import most_shipped
from solvers.exchange.solver import STOPPED, solve
from solvers.exchange.stages import ARTEFACT, EXACT
from solvers.exchange.watch import Progress, Stop, Watch
from solvers.pooling.block import solve_pools
from solvers.pooling.mixing import MIXED, binding, mix_breaches
from solvers.pooling.parting import POOLED, REST, Parting, part
from solvers.pooling.problem import Pooling
from solvers.pooling.shortfall import shortfalls


def solve_pooling(
    problem: Pooling,
    *,
    gap: float = 1e-4,
    time_limit_s: float | None = None,
    threads: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Outcome:
    """Find who ships what to whom where pools are limited by what is mixed in them.

    The problem is not convex. What no such limit concerns is solved by `solvers.exchange`.
    The rest is bounded by a linear relaxation of its pq-formulation, plans are sought near
    it, and, where it is small enough, it is solved globally by spatial branch and bound.
    Every plan is checked against the arrays, means and all.

    Parameters
    ----------
    problem
        The exchange, what its sources contain, the limits on means.
    gap, time_limit_s, threads, seed, progress, stop
        As for `solvers.exchange.solve`.

    Returns
    -------
    outcome
        `component_method` is ``global`` for the pooled part where it is proven within the
        gap, ``relaxation`` where the bound is that of a relaxation or of a search that was
        stopped; `message` says by what.

    Examples
    --------
    Haverly's first pooling problem (1978): two crudes through one tank, one beside it.

    >>> from solvers.exchange import Exchange
    >>> pool = Pooling(
    ...     exchange=Exchange(
    ...         supply=np.array([300.0, 300.0, 300.0]),
    ...         demand=np.array([100.0, 200.0]),
    ...         origin=np.array([0, 1, 3, 3, 2, 2]),
    ...         destination=np.array([2, 2, 0, 1, 0, 1]),
    ...         gain=np.array([-6.0, -16.0, 9.0, 15.0, -1.0, 5.0]),
    ...         recipe_hub=np.array([0]),
    ...         recipe_product=np.array([0]),
    ...         product_hub=np.array([0]),
    ...     ),
    ...     quality=np.array([[3.0], [1.0], [2.0]]),
    ...     weight=np.ones(4),
    ...     mix_property=np.array([0, 0]),
    ...     mix_sense=np.array([1.0, 1.0]),
    ...     mix_limit=np.array([2.5, 1.5]),
    ...     mix_row=np.array([0, 1, 0, 1]),
    ...     mix_lane=np.array([2, 3, 4, 5]),
    ...     mix_weight=np.ones(4),
    ... )
    >>> outcome = solve_pooling(pool)
    >>> outcome.component_method, round(float(outcome.values[0]), 4)
    (('global',), 400.0)
    """
    start = time.perf_counter()
    until = start + (np.inf if time_limit_s is None else time_limit_s)
    watch = Watch(until, stop, progress)
    most = most_shipped(problem.exchange)
    lean = binding(problem)
    active: list[int] = []
    while True:
        parted = part(lean, most, active)
        block = _solve_pooled(parted, most, Effort(gap, np.inf, seed), watch)
        seconds = None if time_limit_s is None else max(until - time.perf_counter(), 1.0)
        rest = solve(
            parted.rest,
            gap=gap,
            time_limit_s=seconds,
            threads=threads,
            seed=seed,
            progress=progress if parted.pooled is None else _without_gap(progress),
            stop=stop,
        )
        lost = rest.status is Status.INFEASIBLE or block.ending is Ending.INFEASIBLE
        plan = plan_of(problem.exchange, _joined(problem, parted, block, rest))
        if lost or len(active) == len(problem.exchange.limits) or not _passed(problem, plan):
            break
        active = list(range(len(problem.exchange.limits)))
    if lost:
        left = Effort(gap, until - time.perf_counter(), seed)
        return _infeasible(problem, parted, most, rest, block, left, start)
    if watch.stopped.is_set() and STOPPED not in rest.message:
        block = replace(block, message="; ".join(filter(None, (block.message, STOPPED))))
    outcome = _outcome(problem, parted, plan, rest, block, gap, start)
    watch.report("done", 1.0, float(outcome.gaps[0]))
    return outcome


def _without_gap(progress: Progress | None) -> Progress | None:
    """Progress of the rest, whose gap is not that of the whole."""
    if progress is None:
        return None
    return lambda stage, fraction, _gap: progress(stage, fraction, np.nan)


def _solve_pooled(parted: Parting, most: Floats, effort: Effort, watch: Watch) -> Block:
    if parted.pooled is None:
        count = parted.rest.sizes["o"]
        return Block(Ending.OPTIMAL, None, np.zeros(count), np.zeros(count), None, "", "")
    return solve_pools(parted.pooled, most[parted.lanes(POOLED)], effort, watch)


def _joined(problem: Pooling, parted: Parting, block: Block, rest: Outcome) -> Floats:
    """Quantities of both parts on the lanes of the whole."""
    shipped = np.zeros((problem.exchange.sizes["k"], problem.exchange.periods))
    shipped[parted.lanes(REST)] = rest.shipped
    if block.plan is not None:
        shipped[parted.lanes(POOLED)] = block.plan.shipped
    return shipped


def _passed(problem: Pooling, plan: Plan) -> bool:
    """Whether a plan passes a yearly limit."""
    most = np.array([row.limit for row in problem.exchange.limits])
    slack = TOLERANCE * np.maximum(1.0, most)
    return bool((limit_totals(problem.exchange, plan) > most + slack).any())


def _outcome(
    problem: Pooling,
    parted: Parting,
    plan: Plan,
    rest: Outcome,
    block: Block,
    gap: float,
    start: float,
) -> Outcome:
    """Put both parts together, and check the whole once more."""
    exchange = problem.exchange
    broken = breaches(exchange, plan)
    broken += [MIXED] if mix_breaches(problem, plan.shipped) else []
    value = values(exchange, plan)
    bound = np.maximum(np.nan_to_num(rest.bounds) + block.bounds, value)
    slight = bound - value <= ARTEFACT * np.maximum(1.0, np.abs(value))
    bound = np.where(slight & (np.arange(len(value)) > 0), value, bound)
    gaps = (bound - value) / np.maximum(1.0, np.abs(value))
    earlier = np.arange(len(value)) < len(value) - 1
    given_up = earlier * exchange.tolerance * np.abs(bound) / np.maximum(1.0, np.abs(value))
    status = Status.OPTIMAL if (gaps <= max(gap, EXACT) + given_up).all() else Status.FEASIBLE
    planless = rest.status is Status.NO_PLAN or block.ending is Ending.NOTHING
    if broken or planless:
        status, plan = Status.NO_PLAN, plan_of(exchange, np.zeros_like(plan.shipped))
        value, gaps = np.full_like(value, np.nan), np.full_like(gaps, np.inf)
    broke = f"the plan broke {', '.join(broken)}" if broken else ""
    return Outcome(
        status=status,
        values=value,
        bounds=bound,
        gaps=gaps,
        prices=None if status is Status.NO_PLAN else _prices(problem, parted, rest),
        shortfalls=None,
        **_told(parted, plan, rest, block, start),
        message="; ".join(filter(None, (rest.message, block.message, broke))),
    )


def _told(parted: Parting, plan: Plan, rest: Outcome, block: Block, start: float) -> dict[str, Any]:
    """What an outcome tells of its plan and its parts, the pooled one last."""
    component = np.full(len(parted.live), -1)
    component[parted.lanes(REST)] = rest.component
    methods = rest.component_method
    value, bound, scale = rest.component_value, rest.component_bound, rest.component_scale
    if parted.pooled is not None:
        component[parted.lanes(POOLED)] = len(methods)
        methods = (*methods, block.method)
        value = np.append(value, block.values[0])
        bound = np.append(bound, max(block.bounds[0], block.values[0]))
        scale = np.append(scale, 0.0)
    return {
        "shipped": plan.shipped,
        "used": plan.used,
        "trips": plan.trips,
        "open": plan.open,
        "group_used": plan.group,
        "component": component,
        "component_method": methods,
        "component_value": value,
        "component_bound": bound,
        "component_scale": scale,
        "method": "+".join(sorted(set(methods))) or "none",
        "seconds": time.perf_counter() - start,
    }


def _prices(problem: Pooling, parted: Parting, rest: Outcome) -> Prices | None:
    """Prices of the rest; zero in the pooled part, which they do not prove."""
    if rest.prices is None:
        return None
    found = no_prices(problem.exchange)
    for name, axis in PRICED.items():
        getattr(found, name)[parted.members[axis][REST]] = getattr(rest.prices, name)
    return found


def _infeasible(
    problem: Pooling,
    parted: Parting,
    most: Floats,
    rest: Outcome,
    block: Block,
    effort: Effort,
    start: float,
) -> Outcome:
    """Nothing to ship: what is required cannot all be had, and by how much."""
    exchange = problem.exchange
    short = _short(problem, parted, most, rest, effort)
    sure = rest.status is Status.INFEASIBLE or short.total > 0
    plan = plan_of(exchange, np.zeros((exchange.sizes["k"], exchange.periods)))
    unknown = np.full(exchange.sizes["o"], np.nan)
    told = _told(parted, plan, rest, replace(block, values=unknown, bounds=unknown), start)
    return Outcome(
        # A search alone that found none is not believed: something must be short of its mark.
        status=Status.INFEASIBLE if sure else Status.NO_PLAN,
        values=unknown,
        bounds=unknown,
        gaps=unknown,
        prices=None,
        shortfalls=short if sure else None,
        **told,
        message=short.message,
    )


def _short(
    problem: Pooling, parted: Parting, most: Floats, rest: Outcome, effort: Effort
) -> Shortfalls:
    """The least by which both parts fall short, on the rows of the whole."""
    sizes = problem.exchange.sizes
    must_ship = np.zeros((sizes["m"], problem.exchange.periods))
    must_fill = np.zeros((sizes["n"], problem.exchange.periods))
    required = np.zeros(sizes["w"])
    found = [] if rest.shortfalls is None else [(REST, rest.shortfalls)]
    if parted.pooled is not None:
        own = shortfalls(parted.pooled, most[parted.lanes(POOLED)], effort)
        found.append((POOLED, own))
    for which, each in found:
        must_ship[parted.members["m"][which]] = each.must_ship
        must_fill[parted.members["n"][which]] = each.must_fill
        required[parted.members["w"][which]] = each.required
    message = "; ".join(each.message for _, each in found)
    return Shortfalls(must_ship, must_fill, required, message)
