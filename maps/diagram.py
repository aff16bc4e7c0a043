"""Who gives what to whom as Sankey diagrams: one self-contained page, laid out by d3-sankey.

Each diagram has three stages; a path runs through all of them, or through two where the middle
one does not give back what it took (a treatment site). What is not among the largest of a stage
is drawn as one, so that the picture stays readable however long the table below it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from maps import bundle
from maps.frame import ENVIRONMENT, sealed, static
from maps.sheet import FAMILY_COLUMNS, as_json, columns_of

STAGES = ("first", "middle", "last")
PATH_COLUMNS = (*STAGES, "family", "quantity")
LARGEST = 14
OTHERS = "\0others"
LIBRARIES = ("d3-array", "d3-path", "d3-shape", "d3-sankey")
SCRIPTS = ("base.js", "sankey.js")
STYLES = ("page.css", "sankey.css", "print.css")


@dataclass(frozen=True, slots=True)
class Diagram:
    """One picture: everything in one unit.

    Parameters
    ----------
    view, unit
        Which question it answers, a key of labels ``view.<view>`` and ``stage.<view>.<stage>``;
        the unit of all quantities.
    paths
        `PATH_COLUMNS`: keys of names, "" in ``first`` or ``last`` where a path ends in the
        middle; ``family`` a key of families.
    """

    view: str
    unit: str
    paths: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Album:
    """A page of diagrams.

    Parameters
    ----------
    names
        What each key in the paths is called.
    families
        As in `maps.sheet.Sheet`.
    links
        Other pages: text and address.

    Raises
    ------
    ValueError
        If paths lack a column, or a quantity is not above 0.
    """

    title: str
    subtitle: str
    lang: str
    labels: Mapping[str, str]
    diagrams: tuple[Diagram, ...]
    names: Mapping[str, str]
    families: pd.DataFrame
    links: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for one in self.diagrams:
            missing = [c for c in PATH_COLUMNS if c not in one.paths.columns]
            if missing:
                raise ValueError(f"paths of {one.view} lack the columns {missing}")
            if not (one.paths["quantity"] > 0).all():
                raise ValueError(f"paths of {one.view} must have quantities above 0")

    def data(self) -> dict[str, Any]:
        """All that the page's script reads."""
        position = {key: at for at, key in enumerate(self.families.index)}
        return {
            "title": self.title,
            "subtitle": self.subtitle,
            "lang": self.lang,
            "labels": dict(self.labels),
            "links": [list(link) for link in self.links],
            "families": columns_of(self.families[list(FAMILY_COLUMNS)]),
            "diagrams": [_drawn(one, self.names, position) for one in self.diagrams],
        }


def _drawn(diagram: Diagram, names: Mapping[str, str], position: Mapping[str, int]) -> Any:
    """One diagram as nodes and paths: the largest by name, the others as one per stage."""
    lumped, others = _lump(diagram.paths)
    nodes: dict[tuple[str, str], int] = {}
    for stage in STAGES:
        for key in dict.fromkeys(lumped[stage]):
            if key:
                nodes[stage, key] = len(nodes)
    return {
        "view": diagram.view,
        "unit": diagram.unit,
        "nodes": [
            {
                "stage": STAGES.index(stage),
                "name": None if key == OTHERS else names[key],
                "others": others[stage] if key == OTHERS else 0,
            }
            for stage, key in nodes
        ],
        "paths": columns_of(
            lumped.assign(
                **{
                    stage: pd.Series(
                        [nodes.get((stage, key), -1) for key in lumped[stage]], dtype=object
                    )
                    for stage in STAGES
                },
                family=pd.Series([position.get(f, -1) for f in lumped["family"]], dtype=object),
            )
        ),
    }


def _lump(paths: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Paths added up over the largest of each stage and the others; how many the others are."""
    lumped = paths[list(PATH_COLUMNS)].astype({stage: object for stage in STAGES})
    others = {}
    for stage in STAGES:
        sums = paths[paths[stage] != ""].groupby(stage, sort=True)["quantity"].sum()
        ranked = sums.sort_values(ascending=False, kind="stable").index
        few = len(ranked) <= LARGEST + 1
        small = set() if few else set(ranked[LARGEST:])
        others[stage] = len(small)
        lumped[stage] = [OTHERS if key in small else key for key in paths[stage]]
    keys = [*STAGES, "family"]
    added = lumped.groupby(keys, sort=True)["quantity"].sum().reset_index()
    ranked_paths = added.sort_values("quantity", ascending=False, kind="stable", ignore_index=True)
    return ranked_paths, others


def render(album: Album) -> str:
    """The page as HTML; the same album gives the same bytes.

    Raises
    ------
    FileNotFoundError
        If the set-up has not fetched the front-end files.
    """
    html = ENVIRONMENT.get_template("sankey.html").render(
        title=album.title,
        lang=album.lang,
        labels=album.labels,
        styles=[static(name) for name in STYLES],
        scripts=[*(bundle.read(f"{name}.js") for name in LIBRARIES), *map(static, SCRIPTS)],
        data=as_json(album.data()),
        licence=bundle.licence(*LIBRARIES, "internmap"),
    )
    return sealed(html)
