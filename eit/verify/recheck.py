"""The independent recheck of a run folder: its files alone, no code shared with what wrote them."""

from dataclasses import replace
from pathlib import Path

from eit.faults import DeclarationError
from eit.scenario import Settings
from eit.territory import read_territory
from eit.verify.bound import NO_WORK, Work, check_bounds, check_infeasible
from eit.verify.files import INPUTS, RunFiles, changed_inputs, read_files
from eit.verify.lanes import Ground, permitted_lanes, survey
from eit.verify.ledger import open_ledger
from eit.verify.limits import (
    check_groups,
    check_hubs,
    check_partners,
    check_quality,
    check_volumes,
    check_ways,
)
from eit.verify.model import build_model
from eit.verify.pools import check_alone, with_pools
from eit.verify.refusal import Asking, Refusal, check_refusal
from eit.verify.rows import check_figures, check_form, check_words
from eit.verify.settings import run_settings
from eit.verify.tables import check_hubs_table, check_synergies, check_unmatched
from eit.verify.totals import check_objective, check_scenario, check_totals
from eit.verify.verdict import Proof, Verdict, Violation
from eit.verify.walks import check_roads

OF_THE_PLAN = (
    check_words,
    check_figures,
    check_roads,
    check_volumes,
    check_ways,
    check_partners,
    check_hubs,
    check_groups,
    check_quality,
    check_alone,
    check_scenario,
)
"""Checks of what the plan does."""
OF_THE_TELLING = (
    check_hubs_table,
    check_synergies,
    check_unmatched,
    check_totals,
    check_objective,
)
"""Checks of what the run says of its plan."""


def verify_run(
    run_folder: str | Path, *, resolve_bound: bool = True, work: Work | None = None
) -> Verdict:
    """Recheck a run from its files alone.

    Every lane, figure and limit is worked out again from the run's own copy of what was
    read. The bound is proven by the run's prices where they prove it, by solving parts of
    an independent model again where these are small, and else rests on the solver's word.

    Parameters
    ----------
    run_folder
        A folder written by ``eit match``.
    resolve_bound
        Whether parts that the prices leave open may be solved again.
    work
        How much may be solved again.

    Returns
    -------
    verdict
        Whether all holds, every violation, and how far each bound is proven.
    """
    files, wrong = read_files(Path(run_folder))
    if files is None:
        return _verdict(wrong)
    wrong += changed_inputs(files)
    try:
        territory = read_territory(
            files.folder / INPUTS, sound_only=bool(files.summary.get("sound_only"))
        )
        settings, differing = run_settings(files, territory)
    except (DeclarationError, OSError) as error:
        return _verdict([*wrong, Violation("territory", INPUTS, str(error), "")])
    wrong += differing
    ground = with_pools(survey(territory, settings))
    allowed = (work or Work()) if resolve_bound else NO_WORK
    if files.summary["status"] in ("infeasible", "no_plan"):
        found, refusal = _check_no_plan(files, ground, allowed)
        return _verdict([*wrong, *found], refusal=refusal)
    return _recheck(files, ground, settings, wrong, allowed)


def _recheck(
    files: RunFiles, ground: Ground, settings: Settings, wrong: list[Violation], work: Work
) -> Verdict:
    """All checks of a run that has a plan."""
    flows = files.tables["flows"]
    wrong = [*wrong, *check_form(flows, settings.periods)]
    in_range = flows["period"].isin(range(1, settings.periods + 1)) & flows["quantity"].notna()
    tables = {**files.tables, "flows": flows[in_range].reset_index(drop=True)}
    ledger, refused = open_ledger(replace(files, tables=tables), ground)
    plan = [violation for check in OF_THE_PLAN for violation in check(ledger)]
    told: list[Violation] = []
    if ledger.whole and in_range.all():
        told = [violation for check in OF_THE_TELLING for violation in check(ledger)]
    model = build_model(ground, permitted_lanes(ground))
    sound = not (wrong or refused or plan)
    bounds, proofs = check_bounds(ledger, model, sound=sound, work=work)
    return _verdict([*wrong, *refused, *plan, *told, *bounds], proofs)


def _check_no_plan(
    files: RunFiles, ground: Ground, work: Work
) -> tuple[list[Violation], Refusal | None]:
    """A run without a plan: it says nothing flows, and infeasible means that nothing can."""
    flows = files.tables["flows"]
    wrong = [Violation("no_plan", "flows.csv", float(len(flows)), 0.0)] if len(flows) else []
    if files.summary["status"] != "infeasible":
        return wrong, None
    lanes = permitted_lanes(ground)
    wrong += check_infeasible(build_model(ground, lanes), work=work)
    asking = Asking(ground, lanes, work.largest, work.nodes, work.seconds)
    found, refusal = check_refusal(files.summary, asking)
    return wrong + found, refusal


def _verdict(
    wrong: list[Violation], proofs: tuple[Proof, ...] = (), refusal: Refusal | None = None
) -> Verdict:
    return Verdict(ok=not wrong, violations=tuple(wrong), bound=proofs, refusal=refusal)
