"""All components of a problem, each by the method that fits it, and put together again."""

from dataclasses import dataclass, replace
from threading import Lock
from typing import Final

import numpy as np

from solvers.exchange.arrays import Flags, Floats, varied
from solvers.exchange.audit import breaches
from solvers.exchange.block import Block, idle_block, solve_block
from solvers.exchange.campaign import Rest, run_campaign
from solvers.exchange.climb import FEW, Part, Standing
from solvers.exchange.components import Components
from solvers.exchange.engine import Effort, Ending
from solvers.exchange.features import decisions
from solvers.exchange.flows import Flows, solve_flows
from solvers.exchange.gathering import Gathered, bounds_of, gather
from solvers.exchange.network import flow_components
from solvers.exchange.outcome import Prices
from solvers.exchange.plan import plan_of, values, values_by
from solvers.exchange.pricing import no_prices
from solvers.exchange.problem import Exchange
from solvers.exchange.restrict import Members, membership, restrict
from solvers.exchange.stages import EXACT, Found, conceivable, first_alone
from solvers.exchange.watch import Progress as Progress
from solvers.exchange.watch import Watch

CLOSER: Final = (1.0, 1e-2, 0.0)  # of the gap asked for: tried in turn until all together is in it

PRICED: Final = {
    "source": "m",
    "sink": "n",
    "product": "p",
    "capacity": "h",
    "way_max": "w",
    "way_min": "w",
    "group": "g",
    "limit": "l",
    "blend": "y",
}

MANY: Final = 1000  # lanes: with more, all components get a rough plan first
LANES_EACH: Final = 4  # lanes for each decision, at least, where these count as few
LEAST_SHARE: Final = 0.01  # of the time left, for any component: small ones rarely need it


@dataclass(frozen=True, slots=True)
class Task:
    """A problem, and how it falls into parts."""

    problem: Exchange
    most: Floats  # (k, T)
    live: Flags  # (k,)
    parts: Components
    joined: bool  # all in one part


@dataclass(slots=True)
class Solved:
    """What came of all components, filled in one by one."""

    shipped: Floats  # (k, T)
    ending: list[Ending]  # of each component
    method: list[str]
    bounds: Floats  # (o, components)
    scale: Floats  # (components,): whole units per flow; 0 where floats
    prices: Prices  # zero in components that are not proven by prices
    messages: list[str]

    def take_flows(self, task: Task, flows: Flows) -> None:
        """Take the components that flows solved."""
        if flows.solved.all():
            self.shipped = flows.shipped
        else:
            lanes = task.parts.within("k", flows.solved)
            self.shipped[lanes] = flows.shipped[lanes]
        self.bounds[:, flows.solved] = flows.bounds[:, flows.solved]
        self.scale[flows.solved] = flows.scale[flows.solved]
        for component in np.flatnonzero(flows.solved).tolist():
            self.ending[component] = Ending.OPTIMAL
            self.method[component] = "flow"
        for name, axis in PRICED.items():
            if not varied(getattr(flows.prices, name)).any():
                continue
            here = task.parts.within(axis, flows.solved)
            getattr(self.prices, name)[here] = getattr(flows.prices, name)[here]

    def take_block(self, members: dict[str, Members], component: int, block: Block) -> None:
        """Take one component."""
        self.ending[component] = block.ending
        self.method[component] = block.method
        self.bounds[:, component] = block.bounds
        if block.message and block.ending is not Ending.OPTIMAL:
            self.messages.append(block.message)
        self._take_plan(members, component, block)

    def take_batch(
        self,
        gathered: Gathered,
        members: dict[str, Members],
        batch: int,
        block: Block,
        each: Floats,
    ) -> None:
        """Take the components of a batch that was solved, given the bounds of all (components,)."""
        components = gathered.batches[batch]
        for component in components:
            self.ending[component] = block.ending
            self.method[component] = block.method
        self.bounds[0, components] = each[components]
        self._take_plan(members, batch, block)

    def _take_plan(self, members: dict[str, Members], number: int, block: Block) -> None:
        if block.plan is not None:
            self.shipped[members["k"][number]] = block.plan.shipped
        if block.prices is not None:
            for name, axis in PRICED.items():
                here = members[axis][number]
                getattr(self.prices, name)[here] = getattr(block.prices, name)


def solve_parts(task: Task, effort: Effort, threads: int, watch: Watch) -> Solved:
    """Solve all components: flows together, linear ones in threads, then those with decisions."""
    count = task.parts.count
    solved = Solved(
        shipped=np.zeros(task.most.shape),
        ending=[Ending.NOTHING] * count,
        method=["milp"] * count,
        bounds=np.zeros((task.problem.sizes["o"], count)),
        scale=np.zeros(count),
        prices=no_prices(task.problem),
        messages=[],
    )
    whole = _whole(task)
    flowing = flow_components(task.problem, task.most, task.parts, whole)
    if task.joined:  # what is kept of earlier objectives is then a row of all lanes
        flowing[:] = False
    if flowing.any():
        flows = solve_flows(task.problem, task.most, task.parts, flowing, effort.gap, threads)
        # No limit counts what flows.
        if not breaches(task.problem, plan_of(task.problem, flows.shipped), limits=False):
            solved.take_flows(task, flows)
    watch.report("flow", 1.0, np.nan)
    rest = np.array([e is Ending.NOTHING for e in solved.ending], dtype=bool)
    rest |= _too_wide(task, solved, max(effort.gap, EXACT), "flow")  # prices that prove too little
    if (rest & ~whole).any():
        linear = _solve_gathered(task, solved, rest & ~whole, effort, threads, watch)
        _solve_blocks(task, solved, linear, effort, threads, watch)
    if (rest & whole).any():
        _solve_whole(task, solved, rest & whole, effort, threads, watch)
    return solved


def _whole(task: Task) -> Flags:
    """Components in which something is to be decided in whole numbers, shape (components,)."""
    needed = decisions(task.problem, task.live)
    by_axis = {
        "w": (needed.used, needed.period, needed.trips),
        "q": (needed.pair,),
        "h": (needed.open,),
        "g": (needed.group,),
    }
    whole = np.zeros(task.parts.count, dtype=bool)
    for axis, flags in by_axis.items():
        for flag in flags:
            if varied(flag).any():
                whole |= task.parts.flag(axis, flag)
    return whole


def _too_wide(task: Task, solved: Solved, gap: float, by: str) -> Flags:
    """Components solved by a method to solve closer, since all together are not within the gap."""
    plan = plan_of(task.problem, solved.shipped)
    value = values_by(task.problem, plan, task.parts)
    wide = solved.bounds - value
    allowed = gap * np.maximum(1.0, np.abs(value.sum(axis=1)))
    over = wide.sum(axis=1) > allowed
    share = allowed / (2 * max(task.parts.count, 1))
    may = [
        method == by and ending is Ending.OPTIMAL
        for method, ending in zip(solved.method, solved.ending, strict=True)
    ]
    far: Flags = np.array(may, dtype=bool) & (wide[over] > share[over, None]).any(axis=0)
    return far


def _solve_gathered(
    task: Task, solved: Solved, chosen: Flags, effort: Effort, threads: int, watch: Watch
) -> Flags:
    """Solve small linear components in batches; those of the chosen that are left."""
    gathered = gather(task.problem, task.most, task.parts, chosen)
    left, batches = chosen.copy(), gathered.parts.count
    if not batches:
        return left
    members = membership(gathered.parts, np.ones(batches, dtype=bool))
    shares = _Shares(watch, float(task.parts.sizes("k")[chosen].sum()), threads)

    def solve_one(batch: int) -> tuple[Block, Floats | None]:
        lanes = members["k"][batch]
        seconds = shares.take(len(lanes))
        part, most = restrict(task.problem, members, batch), task.most[lanes]
        block = solve_block(part, most, replace(effort, seconds=seconds))
        return block, bounds_of(part, most, block, task.parts, members, batch)

    def say() -> None:
        watch.report("components", 1.0 - left.sum() / chosen.sum(), np.nan)

    for batch, (block, bounds) in watch.each(solve_one, range(batches), threads, say):
        if bounds is not None:
            solved.take_batch(gathered, members, batch, block, bounds)
            left[list(gathered.batches[batch])] = False
    return left


def _solve_blocks(
    task: Task, solved: Solved, chosen: Flags, effort: Effort, threads: int, watch: Watch
) -> None:
    """Solve components in threads, small ones first; time is shared by size."""
    members = membership(task.parts, chosen)
    size = task.parts.sizes("k")
    order = [c for c in np.argsort(size, kind="stable").tolist() if chosen[c]]
    shares = _Shares(watch, float(size[chosen].sum()), threads)
    done = 0

    def solve_one(component: int) -> Block:
        lanes = members["k"][component]
        seconds = shares.take(len(lanes))
        part = restrict(task.problem, members, component)
        return solve_block(part, task.most[lanes], replace(effort, seconds=seconds))

    def say() -> None:
        watch.report("components", done / len(order), np.nan)

    missed = set(order)
    for component, block in watch.each(solve_one, order, threads, say):
        solved.take_block(members, component, block)
        missed.discard(component)
        done += 1
    for component in sorted(missed):
        part = restrict(task.problem, members, component)
        idle = idle_block(part, task.most[members["k"][component]], "lp")
        solved.take_block(members, component, idle)


def _solve_whole(
    task: Task, solved: Solved, chosen: Flags, effort: Effort, threads: int, watch: Watch
) -> None:
    """Solve components with decisions by their first objective, then by the others."""
    members = membership(task.parts, chosen)
    components = np.flatnonzero(chosen).tolist()
    problems = {c: restrict(task.problem, members, c) for c in components}
    many = sum(each.sizes["k"] for each in problems.values()) > MANY
    parts = [
        Part(first_alone(problems[c]), task.most[members["k"][c]], c, many, _few(problems[c]))
        for c in components
    ]
    others = _rest(task, solved, ~chosen)
    objectives = task.problem.sizes["o"]
    some = watch if objectives == 1 else watch.part(1 / objectives)
    found = run_campaign(parts, others, effort, threads, some)
    standings = {c: s for c, s in zip(components, found, strict=True) if s is not None}
    for component in components:
        most = task.most[members["k"][component]]
        if component in standings:
            bounds = conceivable(problems[component], most)
            block = _first_block(problems[component], bounds, standings[component])
        else:
            block = idle_block(problems[component], most, "milp")
        solved.take_block(members, component, block)
    if objectives == 1:
        return
    order = sorted(standings, key=lambda c: problems[c].sizes["k"])
    size = float(sum(problems[c].sizes["k"] for c in order))
    shares = _Shares(watch, size, threads)

    def finish(component: int) -> Block:
        problem, standing = problems[component], standings[component]
        most = task.most[members["k"][component]]
        block = _first_block(problem, conceivable(problem, most), standing)
        first = Found(block.ending, block.plan, standing.bound, None, standing.message)
        seconds = shares.take(problem.sizes["k"])
        return solve_block(problem, most, replace(effort, seconds=seconds), first)

    for component, block in watch.each(finish, order, threads, lambda: None):
        solved.take_block(members, component, block)


def _few(problem: Exchange) -> bool:
    """Whether there are few decisions beside many lanes, as where only hubs open."""
    return decisions(problem).count <= min(FEW, problem.sizes["k"] // LANES_EACH)


def _first_block(problem: Exchange, bounds: Floats, standing: Standing) -> Block:
    """What a standing says of a component; of later objectives, `bounds` as they are."""
    plan = None if standing.shipped is None else plan_of(problem, standing.shipped)
    worth = np.zeros(len(bounds)) if plan is None else values(problem, plan)
    proven = np.append(standing.bound, bounds[1:])
    return Block(standing.ending, plan, worth, proven, None, "milp", standing.message)


def _rest(task: Task, solved: Solved, others: Flags) -> Rest:
    """Value and bound, in the first objective, of the components that are solved already."""
    plan = plan_of(task.problem, solved.shipped)
    value = values_by(task.problem, plan, task.parts)[0, others]
    return Rest(float(value.sum()), float(np.maximum(solved.bounds[0, others], value).sum()))


class _Shares:
    """Deals out the time that is left, by size, among the components still to solve."""

    def __init__(self, watch: Watch, size: float, threads: int) -> None:
        self._watch, self._size, self._threads = watch, size, threads
        self._lock = Lock()

    def take(self, size: int) -> float:
        """Seconds for a component of the given size."""
        with self._lock:
            part = min(1.0, max(LEAST_SHARE, self._threads * size / max(self._size, 1.0)))
            self._size -= size
        return self._watch.left * part
