"""Typical flows held against exchanges that are published: how many are proposed, how many false.

``python -m bench.typical`` prints a line per network. The typical flows were drawn from the same
cases, so that the figures *known* say how well they remember; those *held out* leave out every
flow and rule that only the network at hand supports, and say how well they foresee. A rule is
supported from elsewhere if another case has it, or an act or standard sets the terms of that very
use: ``datasets/typical_flows/evidence.csv`` says so for every rule, whoever has it. With
``cases`` alone, acts and standards do not count.

A pair is true if the network is known to have had it, between these two activities and by this
substitution. The others may be possible and merely not have been done: precision is a lower bound.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from eit import data, nomenclature
from eit.registers.typical import typical_flows

Pair = tuple[str, str, str, str]
"""Activity and residue of the donor, activity and need of the receiver."""


WAYS: Mapping[str, Mapping[str, bool]] = {
    "known": {"held_out": False},
    "held out": {"held_out": True},
    "held out, cases": {"held_out": True, "acts": False},
}
"""What may be known of a network beforehand."""


@dataclass(frozen=True, slots=True)
class Score:
    """How proposals compare with what was published."""

    network: str
    true: int
    proposed: int
    hits: int

    @property
    def precision(self) -> float:
        """Part of the proposals that are true; NaN without any."""
        return self.hits / self.proposed if self.proposed else float("nan")

    @property
    def recall(self) -> float:
        """Part of the true pairs that are proposed."""
        return self.hits / self.true


def published() -> pd.DataFrame:
    """Published exchanges: network, rule, generator_naf, receiver_naf, source, certainty."""
    return data.read_csv("typical_flows/published_exchanges.csv")


def supported_elsewhere(network: str, *, acts: bool = True) -> set[str]:
    """Rules that something else than a network supports.

    Parameters
    ----------
    network
        As in `published`.
    acts
        Count acts and standards, or other cases only.
    """
    evidence = data.read_csv("typical_flows/evidence.csv")
    counted = (evidence["kind"] == "case") | acts
    cases = published().rename(columns={"network": "name"})[["rule", "name"]]
    known = pd.concat([evidence.loc[counted, ["rule", "name"]], cases])
    return set(known.loc[known["name"] != network, "rule"])


def score(network: str, *, held_out: bool, with_parts: bool, acts: bool = True) -> Score:
    """Compare the proposals among the activities of a network with its exchanges.

    Parameters
    ----------
    network
        As in `published`.
    held_out
        Leave out what only this network supports.
    with_parts
        Count the flows that only a part of an activity class has, which are never inferred for a
        site but shown to a facilitator who knows better.
    acts
        As for `supported_elsewhere`.
    """
    exchanges = published()
    here = exchanges[exchanges["network"] == network]
    only_here = set(here["rule"]) - supported_elsewhere(network, acts=acts)
    rules, flows = nomenclature.builtin_rules(), typical_flows()
    true: set[Pair] = set()
    for row in here.itertuples():
        known = row.rule in rules.index
        residue, need = rules.loc[row.rule, ["residue", "need"]] if known else (row.rule, "")
        true.add((row.generator_naf, residue, row.receiver_naf, need))
    if held_out:
        flows = flows[[not set(r.split("|")) <= only_here for r in flows["rules"]]]
        rules = rules[~rules.index.isin(only_here)]
    if not with_parts:
        flows = flows[flows["only_if"] == ""]
    activities = {*here["generator_naf"], *here["receiver_naf"]}
    proposed = pairs(flows[flows["naf_prefix"].isin(activities)], rules)
    return Score(network, len(true), len(proposed), len(true & proposed))


def pairs(flows: pd.DataFrame, rules: pd.DataFrame) -> set[Pair]:
    """Pairs of a residue and a need that a rule joins, of any two activities."""
    given = flows[flows["kind"] == "residue"]
    wanted = flows[flows["kind"] == "need"]
    joined = given.merge(rules[["residue", "need"]], left_on="resource", right_on="residue")
    both = joined.merge(wanted, left_on="need", right_on="resource", suffixes=("_from", "_to"))
    columns = ("naf_prefix_from", "residue", "naf_prefix_to", "need")
    return set(zip(*(both[column] for column in columns), strict=True))


def total(scores: list[Score]) -> Score:
    """All networks together."""
    sums = [sum(getattr(one, name) for one in scores) for name in ("true", "proposed", "hits")]
    return Score("all", *sums)


def main() -> None:
    """Print precision and recall of each network, known and held out."""
    networks = sorted(set(published()["network"]))
    for with_parts in (False, True):
        print("with flows of a part of a class" if with_parts else "as inferred for sites")
        for label, settings in WAYS.items():
            scores = [score(n, with_parts=with_parts, **settings) for n in networks]
            for one in [*scores, total(scores)]:
                print(
                    f"  {label:15} {one.network:16} true {one.true:3}"
                    f"  proposed {one.proposed:3}  hits {one.hits:3}"
                    f"  precision {one.precision:.2f}  recall {one.recall:.2f}"
                )


if __name__ == "__main__":
    main()
