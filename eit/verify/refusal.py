"""Whether what an infeasible run names is so: its conflicting sets, what they give, its shortfall.

Each is asked of the independent model with a slack in every row that says what must be, so
that a plan always exists: what cannot hold shows as a least shortfall above zero, and what
holds as none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, hstack

from eit.texts import say
from eit.verify.lanes import Ground
from eit.verify.market import Ints
from eit.verify.model import build_model
from eit.verify.sheet import Flags, Model
from eit.verify.verdict import TOLERANCE, Violation

REQUIRED = frozenset({"supply", "need", "way_max", "link_required"})
"""Rows whose lower limit says what must be."""
SETTINGS = ("budget_eur", "fleet_t_km", "max_exchanges")
LINKS = ("link", "min_quantity", "max_quantity")
"""Members that are rows of links.csv."""
OPTIMAL, INFEASIBLE = 0, 2
"""How scipy says that it ended."""
Member = Mapping[str, Any]
Found = float | None
"""A least shortfall; infinite where nothing holds, None where it was not found."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """How much of what an infeasible run names was asked again.

    Attributes
    ----------
    sets, members
        Conflicting sets found to fail; members without which the others hold.
    amounts
        Members that give what the run says, and all else holds.
    shortfall
        Whether the least shortfall was found again.
    unproven
        What rests on the solver's word: sets, members and amounts too large to ask again.
    """

    sets: int = 0
    members: int = 0
    amounts: int = 0
    shortfall: bool = False
    unproven: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        names = ("sets", "members", "amounts", "shortfall", "unproven")
        return {name: getattr(self, name) for name in names}

    def text(self, lang: str) -> str:
        """One sentence, and what rests on the solver's word."""
        counts = {name: getattr(self, name) for name in ("sets", "members", "amounts")}
        said = say("recheck.refusal", lang, **counts)
        known = "recheck.refusal_shortfall" if self.shortfall else "recheck.refusal_unknown"
        lines = [said, say(known, lang)]
        if self.unproven:
            lines.append(say("recheck.refusal_unproven", lang, unproven=self.unproven))
        return " ".join(lines)


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked again, and how much work each question may cost."""

    ground: Ground
    lanes: pd.DataFrame
    largest: int
    nodes: int
    seconds: float

    def short(self, ground: Ground | None, *, weighed: bool, only: Member | None = None) -> Found:
        """Least shortfall of a territory; None where that is too much to ask."""
        if ground is None:
            return None
        model = build_model(ground, self.lanes)
        if model.matrix.shape[1] > self.largest:
            return None
        return least_short(model, self, weighed=weighed, only=only)


def check_refusal(
    summary: Mapping[str, Any], asking: Asking
) -> tuple[list[Violation], Refusal | None]:
    """Ask again for the sets, what they give and the shortfall that a run names."""
    if summary["status"] != "infeasible":
        return [], None
    wrong, done = _check_shortfall(summary, asking)
    for number, conflict in enumerate(_list(summary, "conflicts"), start=1):
        found, done = _check_set(conflict, f"conflict {number}", asking, done)
        wrong += found
        for member in conflict["members"]:
            found, done = _check_amount(member, asking, done)
            wrong += found
    return wrong, done


def least_short(
    model: Model, asking: "Asking", *, weighed: bool, only: Member | None = None
) -> Found:
    """Least sum of what is missing in the rows that say what must be; of one member's alone."""
    kinds = model.rows["kind"].isin(REQUIRED).to_numpy()
    soft = kinds & np.isfinite(model.row_low) & (model.row_low > 0)
    if only is not None:
        soft &= _own_rows(model, only)
    rows = np.flatnonzero(soft)
    if not len(rows):
        return 0.0
    most = model.row_low[rows]
    slack = _slack(model, rows)
    width = model.matrix.shape[1]
    cost = np.concatenate([np.zeros(width), 1.0 / most if weighed else np.ones(len(rows))])
    answer = milp(
        cost,
        constraints=LinearConstraint(
            csr_array(hstack([model.matrix, slack])), model.row_low, model.row_high
        ),
        bounds=Bounds(np.zeros(len(cost)), np.concatenate([model.high, most])),
        integrality=np.concatenate([model.whole.astype(int), np.zeros(len(rows), dtype=int)]),
        options={"mip_rel_gap": 0.0, "node_limit": asking.nodes, "time_limit": asking.seconds},
    )
    if answer.status == INFEASIBLE:
        return np.inf
    return float(answer.fun) if answer.status == OPTIMAL else None


def _slack(model: Model, rows: Ints) -> csr_array:
    """One column for each row that must be; a link that carries less asks less where used, too."""
    kind, ids = (model.rows[name].astype(str).to_numpy() for name in ("kind", "id"))
    if_used = {own: at for at, own in enumerate(ids) if kind[at] == "way_min"}
    both = [(column, if_used.get(ids[row], -1)) for column, row in enumerate(rows.tolist())]
    more = [(column, at) for column, at in both if at >= 0 and kind[rows[column]] == "way_max"]
    column = np.concatenate([np.arange(len(rows)), [c for c, _ in more]]).astype(np.int64)
    row = np.concatenate([rows, [at for _, at in more]]).astype(np.int64)
    return csr_array((np.ones(len(row)), (row, column)), shape=(len(ids), len(rows)))


def _own_rows(model: Model, member: Member) -> Flags:
    """Rows of what one member requires."""
    own, ids = str(member["id"]), model.rows["id"].astype(str)
    if member["kind"] == "link":
        mine = ids.str.startswith(f"{own} ") | (ids == own)
        return (mine & model.rows["kind"].isin(["way_max", "link_required"])).to_numpy(dtype=bool)
    kind = {"residue": "supply", "need": "need"}[member["kind"]]
    return ((ids == own) & (model.rows["kind"] == kind)).to_numpy(dtype=bool)


def kept_only(ground: Ground, members: Iterable[Member]) -> Ground | None:
    """The territory with no requirement and no limit but the members'; None if one is not found."""
    kept = {(str(member["kind"]), str(member["id"])) for member in members}
    if not all(_known(ground, kind, own) for kind, own in kept):
        return None
    market, terms = ground.market, ground.terms
    link = {kind: _of_links(terms, kept, kind) for kind in LINKS}
    group = terms["capacity_group"].isin([own for kind, own in kept if kind == "group_capacity"])
    settings: dict[str, Any] = {name: None for name in SETTINGS if (name, name) not in kept}
    return replace(
        ground,
        market=replace(
            market,
            settings=replace(market.settings, **settings),
            origins=_free(market.origins, kept, "residue"),
            ends=_free(market.ends, kept, "need"),
            hubs=_open(market.hubs, kept),
        ),
        terms=terms.assign(
            floor=terms["floor"].where(link["link"], 0.0),
            min_quantity=terms["min_quantity"].where(link["link"] | link["min_quantity"], 0.0),
            max_quantity=terms["max_quantity"].where(link["max_quantity"], np.inf),
            group_capacity=terms["group_capacity"].where(group, np.inf),
        ),
    )


def _known(ground: Ground, kind: str, own: str) -> bool:
    """Whether a member is told apart by its id: one row of links.csv, one limit on a mean."""
    if kind in LINKS:
        return int((_joined(ground.terms) == own).sum()) == 1
    if kind == "quality":
        end = ground.market.ends["id"] == own.rpartition("|")[0]
        return int(end.sum()) == 1 and ";" not in str(ground.market.ends["quality"][end].iloc[0])
    return True


def _joined(terms: pd.DataFrame) -> pd.Series:
    joined: pd.Series = terms["from_id"] + "→" + terms["to_id"]
    return joined


def _of_links(terms: pd.DataFrame, kept: set[tuple[str, str]], kind: str) -> pd.Series:
    return _joined(terms).isin([own for what, own in kept if what == kind])


def _free(frame: pd.DataFrame, kept: set[tuple[str, str]], kind: str) -> pd.DataFrame:
    """Ends that keep only what is kept of what they ask."""

    def of(name: str) -> pd.Series:
        return frame["id"].isin([own for what, own in kept if what == name])

    limits = {own.rpartition("|")[0] for what, own in kept if what == "quality"}
    return frame.assign(
        required=frame["required"].astype(bool) & of(kind),
        min_lot=frame["min_lot"].where(of("min_lot"), 0.0),
        max_partners=frame["max_partners"].where(of("max_partners"), np.inf),
        quality=frame["quality"].where(_states(frame, kind) | frame["id"].isin(limits), ""),
    )


def _states(frame: pd.DataFrame, kind: str) -> pd.Series:
    """Origins state their quality; only ends limit it."""
    return pd.Series(kind == "residue", index=frame.index)


def _open(hubs: pd.DataFrame, kept: set[tuple[str, str]]) -> pd.DataFrame:
    own = [name for what, name in kept if what == "hub_capacity"]
    return hubs.assign(capacity=hubs["capacity"].where(hubs.index.isin(own), np.inf))


def given(ground: Ground, member: Member, amount: float) -> Ground | None:
    """The territory with one limit more generous by an amount; None if it is none of these."""
    kind, own, market, terms = member["kind"], str(member["id"]), ground.market, ground.terms
    if kind in SETTINGS:
        settings = replace(market.settings, **{kind: getattr(market.settings, kind) + amount})
        return replace(ground, market=replace(market, settings=settings))
    if kind == "hub_capacity":
        more = market.hubs["capacity"] + amount * (market.hubs.index == own)
        return replace(ground, market=replace(market, hubs=market.hubs.assign(capacity=more)))
    if kind == "group_capacity":
        more = terms["group_capacity"] + amount * (terms["capacity_group"] == own)
        return replace(ground, terms=terms.assign(group_capacity=more))
    if kind == "max_quantity" and _known(ground, kind, own):
        more = terms["max_quantity"] + amount * (_joined(terms) == own)
        return replace(ground, terms=terms.assign(max_quantity=more))
    return None


def _check_shortfall(summary: Mapping[str, Any], asking: Asking) -> tuple[list[Violation], Refusal]:
    claimed = sum(float(row["short"]) for row in _list(summary, "shortfalls"))
    found = asking.short(asking.ground, weighed=False)
    if found is None or not np.isfinite(found):
        return [], Refusal(unproven=1)
    if _before_solving(summary) and found > claimed:
        return [], Refusal(unproven=1)
    if abs(found - claimed) > TOLERANCE * max(1.0, abs(found)):
        return [Violation("shortfall", "summary.json", claimed, found)], Refusal()
    return [], Refusal(shortfall=True)


def _before_solving(summary: Mapping[str, Any]) -> bool:
    """Whether the run ended at links without a lane: what else is short was not asked."""
    return any(conflict["proof"] == "no_lane" for conflict in _list(summary, "conflicts"))


def _check_set(
    conflict: Mapping[str, Any], name: str, asking: Asking, done: Refusal
) -> tuple[list[Violation], Refusal]:
    """A set fails by itself, and, where it claims so, no longer without any one member."""
    members = conflict["members"]
    short = asking.short(kept_only(asking.ground, members), weighed=True)
    if short is None:
        return [], replace(done, unproven=done.unproven + 1)
    if short <= TOLERANCE:
        return [Violation("conflict", name, _names(members), "")], done
    done, wrong = replace(done, sets=done.sets + 1), []
    for member in members if conflict["irreducible"] else ():
        rest = [other for other in members if other is not member]
        left = asking.short(kept_only(asking.ground, rest), weighed=True)
        if left is None:
            done = replace(done, unproven=done.unproven + 1)
        elif left > TOLERANCE:
            wrong.append(Violation("conflict_member", str(member["id"]), left, 0.0))
        else:
            done = replace(done, members=done.members + 1)
    return wrong, done


def _check_amount(member: Member, asking: Asking, done: Refusal) -> tuple[list[Violation], Refusal]:
    """What a requirement would have to give by itself, found again; what a limit would, enough."""
    claimed = member.get("alone")
    if claimed is None:
        return [], done
    amount, own = float(claimed), str(member["id"])
    if member["kind"] in ("residue", "need", "link"):
        found = asking.short(asking.ground, weighed=False, only=member)
        agreed = found is not None and abs(found - amount) <= TOLERANCE * max(1.0, amount)
    else:
        eased = given(asking.ground, member, amount + TOLERANCE * max(1.0, amount))
        found = asking.short(eased, weighed=True)
        agreed = found is not None and found <= TOLERANCE
    if found is None:
        return [], replace(done, unproven=done.unproven + 1)
    if not agreed:
        return [Violation("conflict_amount", own, amount, found)], done
    return [], replace(done, amounts=done.amounts + 1)


def _list(summary: Mapping[str, Any], name: str) -> Sequence[Any]:
    """A list of summary.json; empty where an older run has none."""
    found = summary.get(name, ())
    return found if isinstance(found, list | tuple) else ()


def _names(members: Sequence[Member]) -> str:
    return ", ".join(str(member["id"]) for member in members)
