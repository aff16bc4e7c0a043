"""The least by which chosen claims must give way for all others to hold: a soft model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from scipy import sparse

from solvers.exchange.arrays import Floats, Ints
from solvers.exchange.audit import breaches
from solvers.exchange.build import Model, build
from solvers.exchange.claims import Claim, Kind, pairs_of, size, ways_of, without
from solvers.exchange.columns import limit_row
from solvers.exchange.engine import Effort, Engine, Program
from solvers.exchange.integer import polish, relax, switched_off
from solvers.exchange.plan import Plan, plan_of, tidy
from solvers.exchange.problem import Exchange, Limit
from solvers.exchange.reach import most_shipped
from solvers.exchange.scaling import run_scaled

PRICED: Final = 1e-9  # a row with a smaller price takes no part in a proof


@dataclass(frozen=True, slots=True)
class Given:
    """How much the soft claims give way at least, each measured by its own figure.

    `plan` keeps all other claims, as checked against the arrays; None if none was found.
    `least` is proven: no plan gives way less in total. `certified` says that prices
    prove it in floats, not an integer search. `priced` are the soft claims in that proof.
    """

    plan: Plan | None
    least: float
    certified: bool
    priced: tuple[Claim, ...]


@dataclass(slots=True)
class _Sheet:
    """Rows of soft claims and their slacks, as they are written down."""

    problem: Exchange
    model: Model
    row: list[Ints] = field(default_factory=list)
    column: list[Ints] = field(default_factory=list)
    value: list[Floats] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)  # of each slack
    weight: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    claim: list[Claim] = field(default_factory=list)  # of each row

    def slack(self, claim: Claim, most: float) -> int:
        """A new slack of a claim: its column."""
        self.most.append(most)
        self.weight.append(1.0 / size(self.problem, claim))
        self.whole.append(claim.kind in (Kind.SUPPLY_PARTNERS, Kind.DEMAND_PARTNERS))
        return len(self.model.low) + len(self.most) - 1

    def put(self, claim: Claim, terms: list[tuple[Ints, Floats]], low: float, high: float) -> None:
        """A new row of a claim; terms in no column are left out."""
        for columns, values in terms:
            columns, values = np.broadcast_arrays(np.ravel(columns), np.ravel(values))
            here = columns >= 0
            self.row.append(np.full(int(here.sum()), len(self.low)))
            self.column.append(columns[here])
            self.value.append(values[here])
        self.low.append(low)
        self.high.append(high)
        self.claim.append(claim)

    def program(self) -> Program:
        """The model and the soft rows, the weighted sum of slacks made least."""
        model, slacks = self.model, len(self.most)
        width = len(model.low) + slacks
        cells = tuple(np.concatenate(part) for part in (self.value, self.row, self.column))
        soft = sparse.csr_array((cells[0], cells[1:]), shape=(len(self.low), width))
        hard = sparse.csr_array(
            (model.matrix.data, model.matrix.indices, model.matrix.indptr),
            shape=(model.matrix.shape[0], width),
        )
        return Program(
            gain=np.append(np.zeros(len(model.low)), -np.array(self.weight)),
            matrix=sparse.csr_array(sparse.vstack([hard, soft], format="csr")),
            row_low=np.append(model.row_low, self.low),
            row_high=np.append(model.row_high, self.high),
            low=np.append(model.low, np.zeros(slacks)),
            high=np.append(model.high, self.most),
            whole=np.append(model.whole, np.array(self.whole, dtype=bool)),
        )


def least_given(
    problem: Exchange, soft: Sequence[Claim], effort: Effort, *, enough: float = np.inf
) -> Given:
    """Find the plan for which the soft claims give way least in total; all others hold.

    Where the soft claims hold all requirements, shipping nothing is always a plan, so that
    a least above zero proves in itself that the claims cannot hold together. A linear
    program and its prices come first; the search over whole numbers is left out where they
    already prove `enough`.
    """
    base = _softened(problem, soft)
    model = build(base, most_shipped(base))
    sheet = _Sheet(problem, model)
    for claim in soft:
        ROWS[claim.kind](sheet, claim)
    program = sheet.program()
    relaxed = relax(program, effort)
    least = max(0.0, -relaxed.bound)
    priced = _priced(sheet, relaxed.prices)
    if least > enough:
        return Given(None, least, True, priced)
    values, certified = relaxed.values, True
    if program.whole.any() or values is None:
        values, found = _search(program, effort)
        certified = found <= least
        least = max(least, found)
    plan = None if values is None else _plan(base, model, program, values, effort)
    return Given(plan, least, certified, priced)


def _softened(problem: Exchange, soft: Sequence[Claim]) -> Exchange:
    """The problem without the soft claims, the decisions that they are about kept."""
    base = without(problem, soft)
    used, running = np.zeros((2, 1, problem.sizes["w"]))
    joined = np.zeros((1, problem.sizes["q"]))
    rows = list(base.limits)
    for claim in soft:
        if claim.kind is Kind.MIN_QUANTITY:
            used[0, claim.position] = -1.0
        elif claim.kind in (Kind.MIN_LOT, Kind.MIN_DELIVERED):
            running[0, ways_of(problem, claim)] = -1.0
        elif claim.kind in (Kind.SUPPLY_PARTNERS, Kind.DEMAND_PARTNERS):
            joined[0, pairs_of(problem, claim)] = -1.0
        elif claim.kind is Kind.LIMIT:
            rows[claim.position] = _unbounded(problem.limits[claim.position])
    limits = tuple(rows)
    return replace(base, way_gain=used, period_gain=running, pair_gain=joined, limits=limits)


def _unbounded(row: Limit) -> Limit:
    return replace(row, limit=np.inf)


def _priced(sheet: _Sheet, prices: Floats | None) -> tuple[Claim, ...]:
    """Soft claims whose rows take part in what the prices prove."""
    if prices is None:
        return ()
    mine = prices[len(sheet.model.row_low) :]
    return tuple(sorted({sheet.claim[row] for row in np.flatnonzero(np.abs(mine) > PRICED)}))


def _search(program: Program, effort: Effort) -> tuple[Floats | None, float]:
    """Values and proven least of the program, by HiGHS, by GSCIP where HiGHS fails."""
    for engine in (Engine.HIGHS, Engine.GSCIP):
        answer = run_scaled(program, engine, replace(effort, gap=0.0))
        if answer.values is not None:
            return answer.values, -answer.bound
    return None, 0.0


def _plan(
    base: Exchange, model: Model, program: Program, values: Floats, effort: Effort
) -> Plan | None:
    """The plan that the values stand for, made exact; None if it breaks what is not soft."""
    off = switched_off(base, model, values)
    polished = polish(model, program, values, off, effort) if program.whole.any() else None
    for each in (polished, values):
        if each is not None:
            shipped = np.where(off, 0.0, tidy(each[model.columns.shipped]))
            plan = plan_of(base, shipped)
            if not breaches(base, plan):
                return plan
    return None


def _source(sheet: _Sheet, claim: Claim) -> None:
    """Sum of x out of i in t + s[t] - s[t-1] + slack >= supply[i, t]."""
    problem, columns, i = sheet.problem, sheet.model.columns, claim.position
    lanes = np.flatnonzero(problem.origin == i)
    for t, offered in enumerate(problem.supply[i].tolist()):
        before = columns.source_store[i, t - 1 : t] if t else np.empty(0, dtype=np.int64)
        terms = [
            (columns.shipped[lanes, t], np.ones(1)),
            (columns.source_store[i, t : t + 1], np.ones(1)),
            (before, -np.ones(1)),
            (np.array([sheet.slack(claim, offered)]), np.ones(1)),
        ]
        sheet.put(claim, terms, offered, np.inf)


def _sink(sheet: _Sheet, claim: Claim) -> None:
    """Sum of r x into j in t + d[t-1] - d[t] + slack >= demand[j, t]."""
    problem, columns, j = sheet.problem, sheet.model.columns, claim.position
    lanes = np.flatnonzero(problem.destination == j)
    for t, wanted in enumerate(problem.demand[j].tolist()):
        before = columns.sink_store[j, t - 1 : t] if t else np.empty(0, dtype=np.int64)
        terms = [
            (columns.shipped[lanes, t], problem.ratio[lanes]),
            (columns.sink_store[j, t : t + 1], -np.ones(1)),
            (before, np.ones(1)),
            (np.array([sheet.slack(claim, wanted)]), np.ones(1)),
        ]
        sheet.put(claim, terms, wanted, np.inf)


def _over_year(sheet: _Sheet, lanes: Ints, weight: Floats) -> list[tuple[Ints, Floats]]:
    """Each lane's quantities of all periods, times its weight."""
    shipped = sheet.model.columns.shipped[lanes]
    return [(shipped, np.repeat(weight, shipped.shape[1]))]


def _required(sheet: _Sheet, claim: Claim) -> None:
    """Sum of x in w over the year + slack >= min_quantity[w]."""
    lanes = np.flatnonzero(sheet.problem.way == claim.position)
    least = float(sheet.problem.min_quantity[claim.position])
    slack = (np.array([sheet.slack(claim, least)]), np.ones(1))
    sheet.put(claim, [*_over_year(sheet, lanes, np.ones(len(lanes))), slack], least, np.inf)


def _room(sheet: _Sheet, claim: Claim) -> None:
    """Sum of x (into a hub: r x) over the year - slack <= capacity."""
    problem, at = sheet.problem, claim.position
    place = {
        Kind.HUB_CAPACITY: problem.hub,
        Kind.GROUP_CAPACITY: problem.group,
        Kind.MAX_QUANTITY: problem.way,
    }[claim.kind]
    lanes = np.flatnonzero(place == at)
    weight = problem.ratio[lanes] if claim.kind is Kind.HUB_CAPACITY else np.ones(len(lanes))
    carried = _over_year(sheet, lanes, weight)
    most = sum(float(sheet.model.high[columns].ravel() @ each) for columns, each in carried)
    slack = (np.array([sheet.slack(claim, most)]), -np.ones(1))
    sheet.put(claim, [*carried, slack], -np.inf, float(getattr(problem, claim.kind.value)[at]))


def _least_used(sheet: _Sheet, claim: Claim) -> None:
    """Sum of x in w over the year - min_quantity[w] y[w] + slack >= 0."""
    at = claim.position
    least = sheet.problem.min_quantity[at : at + 1]
    lanes = np.flatnonzero(sheet.problem.way == at)
    used = (sheet.model.columns.used[at : at + 1], -least)
    slack = (np.array([sheet.slack(claim, float(least[0]))]), np.ones(1))
    terms = [*_over_year(sheet, lanes, np.ones(len(lanes))), used, slack]
    sheet.put(claim, terms, 0.0, np.inf)


def _lot(sheet: _Sheet, claim: Claim) -> None:
    """Sum of x (or r x) in w and t - lot[w] z[w, t] + slack >= 0; one slack for all w and t."""
    problem, columns = sheet.problem, sheet.model.columns
    shipped = claim.kind is Kind.MIN_LOT
    lots, ways = problem.min_lot if shipped else problem.min_delivered, ways_of(problem, claim)
    slack = sheet.slack(claim, float(lots[ways].max()))
    for w in ways.tolist():
        lanes = np.flatnonzero(problem.way == w)
        weight = np.ones(len(lanes)) if shipped else problem.ratio[lanes]
        for t in range(problem.periods):
            terms = [
                (columns.shipped[lanes, t], weight),
                (columns.period[w, t : t + 1], -lots[w : w + 1]),
                (np.array([slack]), np.ones(1)),
            ]
            sheet.put(claim, terms, 0.0, np.inf)


def _partners(sheet: _Sheet, claim: Claim) -> None:
    """Sum of v over the pairs of an end - slack <= partners."""
    most = float(np.floor(getattr(sheet.problem, claim.kind.value)[claim.position]))
    pairs = sheet.model.columns.pair[pairs_of(sheet.problem, claim)]
    slack = (np.array([sheet.slack(claim, float(len(pairs)))]), -np.ones(1))
    sheet.put(claim, [(pairs, np.ones(1)), slack], -np.inf, most)


def _limit(sheet: _Sheet, claim: Claim) -> None:
    """Coefficients times all variables - slack <= limit."""
    row = sheet.problem.limits[claim.position]
    counted = limit_row(sheet.model.columns, row)
    columns = np.flatnonzero(counted)
    most = float(np.maximum(counted * sheet.model.high, 0.0).sum())
    slack = (np.array([sheet.slack(claim, most)]), -np.ones(1))
    sheet.put(claim, [(columns, counted[columns]), slack], -np.inf, row.limit)


ROWS: Final[Mapping[Kind, Callable[[_Sheet, Claim], None]]] = {
    Kind.MUST_SHIP: _source,
    Kind.MUST_FILL: _sink,
    Kind.REQUIRED: _required,
    Kind.HUB_CAPACITY: _room,
    Kind.GROUP_CAPACITY: _room,
    Kind.MAX_QUANTITY: _room,
    Kind.MIN_QUANTITY: _least_used,
    Kind.MIN_LOT: _lot,
    Kind.MIN_DELIVERED: _lot,
    Kind.SUPPLY_PARTNERS: _partners,
    Kind.DEMAND_PARTNERS: _partners,
    Kind.LIMIT: _limit,
}
"""Rows of every kind of claim that can give way by an amount: all but blends."""
