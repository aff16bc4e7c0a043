"""Small linear components gathered, so that a call of a solver is worth making for them.

Stating a program and reading its answer takes as long for ten lanes as for a thousand. Gathered
components share a program and nothing in it; their prices tell the bound of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from solvers.exchange.arrays import Flags, Floats, Ints
from solvers.exchange.block import Block
from solvers.exchange.components import Components
from solvers.exchange.engine import Ending
from solvers.exchange.pricing import bound_by
from solvers.exchange.problem import Exchange
from solvers.exchange.restrict import Members

TOGETHER: Final = 6000  # lanes: small components are solved together up to so many
ALIKE: Final = 8.0  # powers of two within which quantities, and gains, share a program


@dataclass(frozen=True, slots=True)
class Gathered:
    """Components gathered into batches; what is in none has no label."""

    parts: Components  # the batches, each as one component
    batches: Sequence[Sequence[int]]  # components of each, in increasing order


def gather(problem: Exchange, most: Floats, parts: Components, chosen: Flags) -> Gathered:
    """Gather the chosen components, alike in size of numbers, up to `TOGETHER` lanes.

    A batch has two or more. With several objectives there is none: each component keeps its own
    best of the first.
    """
    chosen = chosen & (problem.sizes["o"] == 1)
    size = parts.sizes("k")
    kind = _magnitude(most.max(axis=1, initial=0.0), parts)
    kind = np.stack([kind, _magnitude(np.abs(problem.gain).max(axis=0), parts)])
    order = np.lexsort((np.arange(parts.count), *kind))
    batches: list[list[int]] = []
    room, last = 0, None
    for component in order[chosen[order]].tolist():
        here = tuple(kind[:, component].tolist())
        if here != last or size[component] > room:
            batches.append([])
            room, last = TOGETHER, here
        batches[-1].append(component)
        room -= int(size[component])
    several = [sorted(batch) for batch in batches if len(batch) > 1]
    return Gathered(_labelled(parts, several), several)


def _magnitude(each: Floats, parts: Components) -> Ints:
    """Size of the largest number of each component's lanes, in `ALIKE` powers of two."""
    label = parts.label("k")
    here = label >= 0
    largest = np.zeros(parts.count)
    np.maximum.at(largest, label[here], each[here])
    power: Ints = np.floor(np.log2(np.where(largest > 0, largest, 1.0)) / ALIKE).astype(np.int64)
    return power


def _labelled(parts: Components, batches: Sequence[Sequence[int]]) -> Components:
    """The batches, numbered, as components."""
    number = np.full(parts.count + 1, -1)
    for batch, components in enumerate(batches):
        number[list(components)] = batch
    labels = {axis: number[label] for axis, label in parts.labels.items()}
    return Components(len(batches), MappingProxyType(labels))


def bounds_of(
    problem: Exchange,
    most: Floats,
    block: Block,
    parts: Components,
    members: dict[str, Members],
    number: int,
) -> Floats | None:
    """Bound of each component, shape (components,), as the prices of their batch prove it.

    None where the batch is not solved, and its components are to be solved one by one.
    `problem` and `most` are the batch's, `members` those of all batches, `number` its own.
    """
    if block.ending is not Ending.OPTIMAL or block.prices is None:
        return None
    labels = {axis: parts.label(axis)[each[number]] for axis, each in members.items()}
    inner = Components(parts.count, MappingProxyType(labels))
    return bound_by(problem, problem.gain[0], block.prices, most, inner)
