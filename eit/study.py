"""The whole in one reading: territory and scenario in, plan, maps and report out."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eit import atlas, matching, report, results
from eit.faults import DeclarationError, Fault
from eit.results import HAS_PLAN, Plan, RunFolderError
from eit.scenario import Scenario, Settings, read_scenario, resolve
from eit.territory import Territory, check_territory

Progress = Callable[[str, float, float], None]
Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Study:
    """A territory, the settings it was matched under, and the plan.

    ``summary`` says what ``summary.json`` says; empty until the study is written.
    """

    territory: Territory
    settings: Settings
    plan: Plan
    summary: Mapping[str, Any] = field(default_factory=dict)


def match(
    territory: Territory,
    scenario: Scenario | None = None,
    *,
    sound_only: bool = False,
    lang: str = "en",
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Study:
    """Decide who ships what to whom.

    Parameters
    ----------
    territory
        As `eit.read_territory` gives it.
    scenario
        What is asked over the folder's own settings; nothing if left out.
    sound_only
        Leave out lanes whose distance cannot be known, instead of raising.
    lang
        Language of the reasons and remarks: ``fr`` or ``en``.
    progress
        Called with a stage, the fraction done in it and the gap so far.
    stop
        Asked now and then while it solves; once it says yes, the best plan so far is given
        back with its proven gap.

    Returns
    -------
    study
        Its plan is there whatever the ending: ``study.plan.status`` says which.

    Raises
    ------
    DeclarationError
        If the territory asks for what this version does not model, or a distance is missing.
    """
    settings = resolve(territory.toml, territory.scenario, scenario or Scenario())
    plan = matching.match(
        territory, settings, sound_only=sound_only, lang=lang, progress=progress, stop=stop
    )
    return Study(territory, settings, plan)


def run(
    folder: Path,
    run_folder: Path,
    *,
    scenario_file: Path | None = None,
    sound_only: bool = False,
    lang: str = "en",
    background: str | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Study:
    """Read a territory folder, match it, and write the run folder with maps and report.

    Raises
    ------
    DeclarationError
        With every fault of the folder and the scenario, unless `sound_only` leaves them out.
    RunFolderError
        If `run_folder` exists and is no run folder.
    """
    if run_folder.exists() and not results.is_run_folder(run_folder):
        raise RunFolderError(run_folder, "results.foreign")
    start = time.perf_counter()
    _tell(progress, "read")
    territory, left_out = _read(folder, sound_only=sound_only)
    scenario = read_scenario(scenario_file) if scenario_file else Scenario()
    read_s = time.perf_counter() - start
    study = match(
        territory, scenario, sound_only=sound_only, lang=lang, progress=progress, stop=stop
    )
    _tell(progress, "write")

    def draw_and_report(partial: Path) -> None:
        if study.plan.status in HAS_PLAN:
            _illustrate(study, partial, lang=lang, background=background)
        else:
            report.write_refusal(territory, study.plan, partial / "report.html", lang)

    summary = results.write_run(
        run_folder,
        study.plan,
        territory,
        scenario_file=scenario_file,
        sound_only=sound_only,
        left_out=[fault.as_dict(lang) for fault in left_out],
        timings={"read": read_s},
        also=draw_and_report,
    )
    return Study(territory, study.settings, study.plan, summary)


def draw(
    run_folder: Path, *, public: bool = False, lang: str = "en", background: str | None = None
) -> list[Path]:
    """Draw the maps of a run folder again, from its files.

    Parameters
    ----------
    public
        Draw the pages that may be sent out instead, into ``public/``: bands, no money,
        restricted firms unnamed.

    Raises
    ------
    RunFolderError
        If it is no run folder.
    """
    read = results.read_run(run_folder)
    if read.plan.status not in HAS_PLAN:
        return []
    if public:
        return atlas.write_public(read.territory, read.plan, run_folder / "public", lang=lang)
    folder = run_folder / "maps"
    return atlas.write_maps(read.territory, read.plan, folder, lang=lang, background=background)


def _read(folder: Path, *, sound_only: bool) -> tuple[Territory, Sequence[Fault]]:
    """The territory and the faults left out; faults end it unless only sound rows are wanted."""
    reading = check_territory(folder)
    if reading.territory is None or (reading.faults and not sound_only):
        raise DeclarationError(reading.faults, reading.notices)
    return reading.territory, reading.faults


def _illustrate(study: Study, folder: Path, *, lang: str, background: str | None) -> None:
    """Maps, GIS layers and report of a plan."""
    territory, plan = study.territory, study.plan
    atlas.write_maps(territory, plan, folder / "maps", lang=lang, background=background)
    atlas.write_geopackage(atlas.layers(territory, plan, lang), folder / "plan.gpkg")
    report.write_report(territory, plan, folder / "report.html", lang)


def _tell(progress: Progress | None, stage: str) -> None:
    if progress is not None:
        progress(stage, 0.0, float("nan"))
