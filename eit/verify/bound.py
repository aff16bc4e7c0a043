"""Whether a bound is one: by the run's prices, and by solving parts of the model again.

The model falls into *parts* that share no row. Prices prove some of them; what they leave
open is solved again, the widest gap first, while the work allowed lasts. The rest is the
solver's word, and the verdict says so.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from eit.scenario import Settings
from eit.verify.certificate import priced_rows, proven_bounds
from eit.verify.ledger import Ledger
from eit.verify.market import USED, Floats, Ints
from eit.verify.model import group_terms
from eit.verify.oracle import Ending, Found, best_plan, maximise, objective_order
from eit.verify.rows import WHOLE
from eit.verify.sheet import Bends, Model
from eit.verify.totals import objectives_said
from eit.verify.verdict import TOLERANCE, Proof, Violation


@dataclass(frozen=True, slots=True)
class Work:
    """How much may be solved again.

    Attributes
    ----------
    largest
        Columns of the largest part (and, for later objectives, of the whole model).
    columns
        Columns of all parts together.
    nodes, seconds
        Limits of each solve.
    """

    largest: int = 4_000
    columns: int = 20_000
    nodes: int = 20_000
    seconds: float = 10.0


NO_WORK = Work(largest=0, columns=0)
LATER = 100.0
"""By how much more a later objective may differ: the slack of the earlier ones moves it."""


def check_bounds(
    ledger: Ledger, model: Model, *, sound: bool, work: Work
) -> tuple[list[Violation], tuple[Proof, ...]]:
    """Prove or refute the bound of every objective, as far as the work allowed reaches.

    Parameters
    ----------
    sound
        Whether the plan broke no other check, so that its value counts as one that is reached.
    """
    settings = ledger.ground.market.settings
    said = objectives_said(ledger.files.summary)
    order = [name for name in objective_order(settings) if name in said]
    if not order:
        return [], ()
    proofs = [_first_proof(ledger, model, order[0], sound=sound, work=work)]
    if len(order) > 1:
        proofs += _later_proofs(ledger, model, settings, order, work)
    margins = [TOLERANCE, *[LATER * TOLERANCE] * (len(proofs) - 1)]
    wrong = [
        Violation("bound", proof.objective, proof.claimed, proof.found)
        for proof, margin in zip(proofs, margins, strict=True)
        if proof.found > proof.claimed + margin * max(1.0, abs(proof.claimed))
    ]
    return wrong, tuple(proofs)


def check_infeasible(model: Model, *, work: Work) -> list[Violation]:
    """A run that ended infeasible: no plan at all may exist."""
    if model.matrix.shape[1] > work.largest:
        return []
    nothing = np.zeros(model.matrix.shape[1])
    found = maximise(model, nothing, [], nodes=work.nodes, seconds=work.seconds)
    feasible = found.plan is not None
    return [Violation("infeasible", "summary.json", "infeasible", "feasible")] if feasible else []


def parts_of(model: Model) -> tuple[tuple[Ints, Ints], int]:
    """Number of the part of every row and of every column, and how many parts there are."""
    height, width = model.matrix.shape
    cells = model.matrix.tocoo()
    row, column = cells.coords
    graph = coo_array(
        (np.ones(cells.nnz), (row, height + column)), shape=(height + width, height + width)
    )
    count, part = connected_components(graph, directed=False)
    return (part[:height].astype(np.int64), part[height:].astype(np.int64)), int(count)


def part_of(model: Model, rows: Ints, columns: Ints) -> Model:
    """The model of one part alone; its names of columns are left behind."""
    here = np.isin(model.bends.result, columns)
    return replace(
        model,
        bends=Bends(*(np.searchsorted(columns, each[here]) for each in model.bends)),
        matrix=model.matrix[rows][:, columns],
        row_low=model.row_low[rows],
        row_high=model.row_high[rows],
        high=model.high[columns],
        whole=model.whole[columns],
        objectives={name: aim[columns] for name, aim in model.objectives.items()},
        columns={},
        rows=model.rows.iloc[rows],
    )


def plan_vector(ledger: Ledger, model: Model) -> Floats:
    """The run's flows as columns of the model; stocks are left at 0, nothing is paid for them."""
    flows, lanes, ways, columns = ledger.flows, model.lanes, model.ways, model.columns
    plan = np.zeros(len(model.high))
    if lanes.empty:
        return plan
    keys = ["origin", "end", "mode"]
    lane = flows[keys].merge(lanes[keys].assign(lane=lanes.index), on=keys, how="left")["lane"]
    known = lane.notna().to_numpy()
    at = lane[known].astype(int), flows.loc[known, "period"].astype(int) - 1
    np.add.at(plan, columns["ship"][at], flows.loc[known, "quantity"])
    shipped = pd.DataFrame(plan[columns["ship"]]).groupby(lanes["way"].to_numpy()).sum()
    carried = shipped.reindex(ways.index).fillna(0.0).to_numpy()
    year = carried.sum(axis=1)
    plan[columns["used"]] = year > USED
    plan[columns["running"]] = carried > USED
    paid = ways["by_trip"].to_numpy(bool)
    payload = ways["trip_payload"].to_numpy(float)[paid, None]
    plan[columns["trips"]] = np.ceil(carried[paid] / payload - WHOLE)
    pairs = ways[ways["counted"].astype(bool)].drop_duplicates("pair")["pair"]
    plan[columns["joined"]] = pairs.isin(ways["pair"][year > USED])
    into = ledger.ground.market.ends["id"].to_numpy()[lanes["end"]]
    running = set(into[plan[columns["ship"]].sum(axis=1) > USED])
    plan[columns["open"]] = ledger.ground.market.hubs.index.isin(running)
    chosen = ways["capacity_group"][year > USED]
    plan[columns["group"]] = group_terms(ledger.ground.terms).index.isin(chosen)
    return np.minimum(plan, np.where(model.whole & (model.high < 1), 0.0, np.inf))


def _first_proof(ledger: Ledger, model: Model, name: str, *, sound: bool, work: Work) -> Proof:
    """Bound of the first objective, part by part: by prices, then by solving again."""
    aim = model.objectives[name]
    value, claimed, _ = objectives_said(ledger.files.summary)[name]
    parts, count = parts_of(model)
    reached = np.bincount(parts[1], aim * plan_vector(ledger, model), count)
    bounds = proven_bounds(model, aim, priced_rows(model, ledger.files.prices), parts, count)
    enough = claimed + TOLERANCE * max(1.0, abs(claimed))
    shipping = np.unique(parts[1][model.columns["ship"]])
    size = np.bincount(parts[1], minlength=count)
    resolved = np.zeros(count, dtype=bool)
    left = work.columns
    for part in shipping[np.argsort((reached - bounds)[shipping], kind="stable")]:
        if bounds.sum() <= enough:
            break
        if size[part] > min(work.largest, left):
            continue
        left -= int(size[part])
        needed = enough - (bounds.sum() - bounds[part]) if np.isfinite(bounds).all() else -np.inf
        found = _solve_part(model, name, parts, int(part), work, needed)
        resolved[part] = found.ending == Ending.OPTIMAL
        bounds[part] = min(bounds[part], found.bound)
        if found.plan is not None:
            reached[part] = max(found.value, reached[part]) if sound else found.value
    open_parts = ~resolved[shipping] & (bounds.sum() > enough) & (bounds > reached)[shipping]
    return Proof(
        objective=name,
        value=value,
        claimed=claimed,
        proven=float(bounds.sum()),
        found=float(reached.sum()) if sound or resolved[shipping].all() else np.nan,
        certificate=int((~resolved[shipping] & ~open_parts).sum()),
        resolved=int(resolved.sum()),
        unproven=int(open_parts.sum()),
    )


def _solve_part(
    model: Model, name: str, parts: tuple[Ints, Ints], part: int, work: Work, enough: float
) -> Found:
    """Solve one part of the model again; a bound of `enough` needs no better one."""
    rows, columns = (np.flatnonzero(side == part) for side in parts)
    small = part_of(model, rows, columns)
    aim = small.objectives[name]
    return maximise(small, aim, [], nodes=work.nodes, seconds=work.seconds, enough=enough)


def _later_proofs(
    ledger: Ledger, model: Model, settings: Settings, order: list[str], work: Work
) -> list[Proof]:
    """Bounds of the objectives after the first, each with the earlier ones held."""
    said = objectives_said(ledger.files.summary)
    solved = None
    if model.matrix.shape[1] <= work.largest:
        solved = best_plan(model, settings, nodes=work.nodes, seconds=work.seconds)
    proofs = []
    for at, name in enumerate(order[1:], start=1):
        value, claimed, _ = said[name]
        proven = solved is not None and solved.ending == Ending.OPTIMAL
        proofs.append(
            Proof(
                objective=name,
                value=value,
                claimed=claimed,
                proven=solved.bounds[at] if solved is not None and proven else np.inf,
                found=solved.bests[at] if solved is not None else np.nan,
                certificate=0,
                resolved=int(proven),
                unproven=int(not proven),
            )
        )
    return proofs
