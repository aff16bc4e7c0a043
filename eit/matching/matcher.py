"""The main job: declarations to lanes, lanes to the model, the model's answer to a plan."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eit.faults import DeclarationError
from eit.matching.assumptions import list_assumptions
from eit.matching.carriage import find_carriers
from eit.matching.certificate import list_prices
from eit.matching.circles import growing_hubs
from eit.matching.conflicts import list_conflicts, unmade_conflicts
from eit.matching.ends import find_ends
from eit.matching.flows import list_flows
from eit.matching.hub_quality import describe_pools, pass_on, pool, pool_notices
from eit.matching.judging import judge
from eit.matching.lanes import Lanes, bundle, find_ways, parted
from eit.matching.links import read_links
from eit.matching.obstacles import Case, balance
from eit.matching.partners import find_partners
from eit.matching.plan import (
    add_up,
    describe_solver,
    list_groups,
    list_hubs,
    rank_objectives,
    status_of,
)
from eit.matching.pricing import PriceList
from eit.matching.problem import Offer, build
from eit.matching.roads import by_road
from eit.matching.shortfalls import Shortfall, list_shortfalls, say_shortfalls, unmade_links
from eit.matching.synergies import list_synergies
from eit.matching.tariff import read_tariff
from eit.matching.unmatched import list_unmatched
from eit.matching.unplaced import missing_places
from eit.results import COLUMNS, HAS_PLAN, Plan, table
from eit.scenario import Settings
from eit.territory import Territory
from eit.texts import say
from solvers.exchange import Exchange, Outcome, Status, solve
from solvers.pooling import Pooling, solve_pooling

Progress = Callable[[str, float, float], None]
Stop = Callable[[], bool]
"""Told the stage (``lanes``, ``build``, ``solve``), the part done, and the gap (NaN: none)."""


STAGES = ("lanes", "build", "solve", "write")
"""What takes time; writing begins with joining the answer back to declarations."""


@dataclass(frozen=True, slots=True)
class Market:
    """Everything known before solving: what there is to match, and what was found out.

    Attributes
    ----------
    offer
        Ends, lanes and their prices.
    misses
        Ways that failed a check, of ends without any lane.
    assumptions
        Figures nobody declared.
    considered
        Number of ways looked at.
    """

    offer: Offer
    misses: Lanes
    assumptions: list[dict[str, Any]]
    considered: int


def match(
    territory: Territory,
    settings: Settings,
    *,
    lang: str = "en",
    sound_only: bool = False,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Plan:
    """Find who should send what to whom.

    Parameters
    ----------
    territory, settings
        What there is, and what is asked.
    lang
        Language of the sentences in the plan, ``fr`` or ``en``.
    sound_only
        Leave out lanes that miss a place, instead of raising.
    progress
        Told how far the work is.
    stop
        Asked now and then while the model is solved; once it says yes, the best plan so far is
        given back with its proven gap.

    Returns
    -------
    plan
        With status ``infeasible`` or ``no_plan`` and the reasons where there is none.

    Raises
    ------
    DeclarationError
        With all faults; see `find_market`.
    """
    clock = _Clock(progress)
    clock.starts("lanes")
    market = find_market(territory, settings, sound_only=sound_only)
    unmade = unmade_links(market.offer.lanes, market.offer.ends, market.offer.links)
    clock.starts("build")
    problem = build(market.offer, settings)
    if unmade:
        return _without_plan(market, territory, settings, clock, unmade=unmade, lang=lang)
    clock.starts("solve")
    pooling = pool(market.offer, problem, settings)
    outcome = _solved(problem, pooling, settings, progress, stop)
    if outcome.status not in HAS_PLAN:
        return _without_plan(
            market, territory, settings, clock, problem=problem, outcome=outcome, lang=lang
        )
    return _with_plan(market, pooling or problem, outcome, territory, settings, clock, lang=lang)


def _solved(
    problem: Exchange,
    pooling: Pooling | None,
    settings: Settings,
    progress: Progress | None,
    stop: Stop | None,
) -> Outcome:
    """Solve the model, with what hubs mix where that is asked for."""
    options: dict[str, Any] = {
        "gap": settings.gap,
        "time_limit_s": settings.time_limit_s,
        "threads": settings.threads,
        "seed": settings.seed,
        "progress": progress,
    }
    if pooling is None:
        return solve(problem, stop=stop, **options)
    return solve_pooling(pooling, **options)


def find_market(territory: Territory, settings: Settings, *, sound_only: bool = False) -> Market:
    """Enumerate and price every permitted lane.

    Raises
    ------
    DeclarationError
        With all faults, if a place is missing, or hubs make more of each other without limit.
    """
    ends = find_ends(territory, settings)
    partners = find_partners(ends, territory, settings)
    links = read_links(ends, partners, territory, settings)
    faults = [] if sound_only else missing_places(ends, partners, links, territory)
    if faults:
        raise DeclarationError(faults)
    carriers = find_carriers(ends, links, territory, settings)
    ways = find_ways(ends, partners, links, carriers, territory, settings)
    ways = by_road(ways, ends, partners, territory, settings)
    ways = judge(ways, ends, partners, links, carriers, settings)
    ways = pass_on(ways, ends, partners, links, carriers, settings)
    considered = len(ways)
    lanes, misses = parted(ways, ends)
    del ways  # what follows can use the memory
    tariff = read_tariff(ends, links, territory, settings)
    prices = PriceList(lanes, ends, partners, links, tariff, carriers)
    offer = Offer(ends, partners, links, lanes, bundle(lanes, ends), prices, carriers)
    if circles := growing_hubs(offer):
        raise DeclarationError(circles)
    assumptions = list_assumptions(offer, tariff, territory, settings)
    return Market(offer, misses, assumptions, considered)


@dataclass(slots=True)
class _Clock:
    """Seconds by stage; the one that runs ends when the next one starts."""

    progress: Progress | None
    seconds: dict[str, float] = field(default_factory=dict)
    stage: str = ""
    since: float = 0.0

    def starts(self, stage: str) -> None:
        now = time.perf_counter()
        if self.stage:
            self.seconds[self.stage] = self.seconds.get(self.stage, 0.0) + now - self.since
        self.stage, self.since = stage, now
        if self.progress is not None and stage:
            self.progress(stage, 0.0, math.nan)

    def read(self) -> dict[str, float]:
        """Stop, and give the seconds of every stage."""
        self.starts("")
        return {stage: self.seconds.get(stage, 0.0) for stage in STAGES}


def _with_plan(
    market: Market,
    model: Exchange | Pooling,
    outcome: Outcome,
    territory: Territory,
    settings: Settings,
    clock: _Clock,
    *,
    lang: str,
) -> Plan:
    """Join what the solver found back to declarations."""
    clock.starts("write")
    offer = market.offer
    pooling = model if isinstance(model, Pooling) else None
    problem = model.exchange if isinstance(model, Pooling) else model
    flows = list_flows(offer, outcome.shipped)
    hubs, groups = list_hubs(offer, flows), list_groups(offer, flows)
    totals = add_up(offer, flows, hubs, groups)
    ranked = rank_objectives(totals, outcome, settings)
    proven = outcome.status == Status.OPTIMAL
    case = Case(offer, problem, flows, balance(offer, flows), settings, proven, pooling)
    return Plan(
        status=status_of(outcome, ranked, settings),
        flows=flows.table,
        synergies=list_synergies(offer, flows),
        unmatched=list_unmatched(case, market.misses, territory, lang=lang),
        hubs=hubs,
        groups=groups,
        prices=list_prices(offer, outcome.prices, settings),
        objective=tuple(ranked),
        totals=totals,
        counts=_counts(market, territory) | {"flows": len(flows.table)},
        assumptions=tuple(market.assumptions),
        shortfalls=(),
        reasons=(),
        solver=describe_solver(outcome) | describe_pools(pooling, outcome),
        settings=settings,
        timings=clock.read(),
        notices=(*territory.notices, *pool_notices(pooling, outcome)),
    )


def _without_plan(
    market: Market,
    territory: Territory,
    settings: Settings,
    clock: _Clock,
    *,
    problem: Exchange | None = None,
    outcome: Outcome | None = None,
    unmade: Sequence[Shortfall] = (),
    lang: str,
) -> Plan:
    """Say why there is no plan."""
    conflicts = unmade_conflicts(unmade)
    if problem is not None and outcome is not None:
        conflicts = list_conflicts(market.offer, problem, settings, outcome)
    status = Status.INFEASIBLE if outcome is None else outcome.status
    short = [*unmade, *list_shortfalls(market.offer, outcome.shortfalls if outcome else None)]
    reasons = [say("no_plan.stopped", lang)]
    if status == Status.INFEASIBLE:
        reasons = say_shortfalls(short, lang)
    return Plan(
        status=str(status),
        **{name: table(name) for name in COLUMNS},
        objective=(),
        totals={},
        counts=_counts(market, territory) | {"flows": 0},
        assumptions=tuple(market.assumptions),
        shortfalls=tuple(short),
        reasons=tuple(reasons),
        solver=describe_solver(outcome) if outcome else {},
        settings=settings,
        timings=clock.read(),
        notices=territory.notices,
        conflicts=tuple(conflicts),
    )


def _counts(market: Market, territory: Territory) -> dict[str, int]:
    """How many there were of everything, before solving."""
    offer, kinds = market.offer, territory.declarations["kind"]
    return {
        "sites": len(territory.sites),
        "residues": int((kinds == "residue").sum()),
        "needs": int((kinds == "need").sum()),
        "hubs": int(territory.hubs["hub_id"].nunique()),
        "links": len(territory.links),
        "considered": market.considered,
        "lanes": len(offer.lanes),
        "ways": len(offer.bundles.lane),
        "pairs": int(offer.bundles.pair.max(initial=-1)) + 1,
    }
