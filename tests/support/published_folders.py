"""Published problems written as territory folders: networks, assignments, warehouses, blends."""

import csv
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.random_territories.draft import Row
from support.random_territories.folder import write_rows

PUBLISHED = Path(__file__).parents[1] / "published"
TOML = (
    '[territory]\nname = "{name}"\nbuiltin_rules = false\nlinks_only = true\n'
    "[solver]\ngap = 0.0\n[factors]\nassume_costs = false\n{more}"
)


@dataclass(frozen=True)
class Arc:
    """An arc of a network: what a unit costs on it, and what it carries at least and at most."""

    start: str
    end: str
    cost: float
    least: float = 0.0
    most: float | None = None

    def row(self, **more: object) -> Row:
        """The row of links.csv."""
        return {
            "from_id": self.start,
            "to_id": self.end,
            "cost_eur_per_unit": self.cost,
            "min_quantity": self.least or "",
            "max_quantity": "" if self.most is None else self.most,
            "required": "yes" if self.least else "no",
            **more,
        }


def write(folder: Path, name: str, more: str = "", **tables: list[Row]) -> Path:
    """A territory folder from its tables; a site for every declaration."""
    sites = [{"site_id": row["site_id"]} for row in tables["declarations"]]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "territory.toml").write_text(TOML.format(name=name, more=more), encoding="utf-8")
    write_rows(folder / "sites.csv", list({str(s["site_id"]): s for s in sites}.values()))
    write_rows(folder / "declarations" / "all.csv", tables.pop("declarations"))
    for table, rows in ((table, rows) for table, rows in tables.items() if rows):
        write_rows(folder / f"{table}.csv", rows)
    return folder


def declared(name: str, volume: float, resource: str = "goods", **more: object) -> Row:
    """A residue of what is sent (> 0), a need of what is received (< 0)."""
    return {
        "declaration_id": name,
        "site_id": f"s_{name}",
        "kind": "residue" if volume > 0 else "need",
        "resource": resource,
        "quantity": abs(volume),
        "current_cost_eur_per_unit": 0,
        "required": "yes",
        **more,
    }


def network(folder: Path, arcs: Sequence[Arc], volumes: Mapping[str, float]) -> Path:
    """A network of transhipment: every node is a hub, its supply or demand a declaration beside."""
    nodes = sorted({arc.start for arc in arcs} | {arc.end for arc in arcs})
    ends = {node: volume for node, volume in volumes.items() if volume}
    beside = [Arc(f"out_{n}", n, 0.0) if v > 0 else Arc(n, f"in_{n}", 0.0) for n, v in ends.items()]
    return write(
        folder,
        "network",
        declarations=[declared(f"{'out' if v > 0 else 'in'}_{n}", v) for n, v in ends.items()],
        hubs=[{"hub_id": node, "takes": "goods", "gives": "goods"} for node in nodes],
        links=[arc.row() for arc in (*beside, *arcs)],
    )


def commodities(
    folder: Path,
    arcs: Mapping[tuple[str, str], tuple[Sequence[float], float, float | None]],
    volumes: Mapping[str, Sequence[float]],
    required: Iterable[str],
) -> Path:
    """A network that several goods share: each arc has unit costs, a fixed cost and a capacity.

    An arc is a capacity group; a node without volumes is a hub with one recipe for each good.
    """
    must = set(required)
    goods = range(len(next(iter(volumes.values()))))
    ends = {(node, k): row[k] for node, row in volumes.items() for k in goods if row[k]}
    nodes = {node for arc in arcs for node in arc}
    hubs = sorted(node for node in nodes if node not in volumes)
    links: list[Row] = []
    for (start, end), (cost, fixed, most) in arcs.items():
        group: Row = {"capacity_group": f"{start}>{end}", "group_fixed_cost_eur": fixed}
        group["group_capacity"] = "" if most is None else most
        pairs = {
            (name(start, k, hubs), name(end, k, hubs), cost[k])
            for k in goods
            if all(node in hubs or (node, k) in ends for node in (start, end))
        }
        links += [Arc(*pair).row(**group) for pair in sorted(pairs)]
    return write(
        folder,
        "commodities",
        declarations=[
            declared(f"{n}_{k}", v, f"good_{k}", required="yes" if n in must else "no")
            for (n, k), v in ends.items()
        ],
        hubs=[
            {"hub_id": hub, "takes": f"good_{k}", "gives": f"good_{k}"}
            for hub in hubs
            for k in goods
        ],
        links=links,
    )


def name(node: str, good: int, hubs: Sequence[str]) -> str:
    """A hub serves all goods; a declaration is one of one good."""
    return node if node in hubs else f"{node}_{good}"


def warehouses(folder: Path, capacity: float, opening: float) -> Path:
    """The warehouses and customers of cap41 with another capacity and opening cost."""
    shutil.copytree(PUBLISHED / "cap41", folder)
    with (folder / "hubs.csv").open(encoding="utf-8", newline="") as lines:
        rows: list[Row] = list(csv.DictReader(lines))
    for row in rows:
        row |= {
            "capacity": capacity,
            "opening_cost_eur": opening if row["opening_cost_eur"] != "0" else 0,
        }
    write_rows(folder / "hubs.csv", rows)
    return folder


def assignment(folder: Path, number: int) -> Path:
    """One problem of gap1 of the OR-Library: jobs of quantity 1, each for one agent."""
    tokens = (PUBLISHED / "orlib_gap1.txt").read_text(encoding="utf-8").split()
    figures = [int(token) for token in tokens]
    agents, jobs = 5, 15
    at = 1 + (number - 1) * (2 + 2 * agents * jobs + agents) + 2
    gain = [figures[at + a * jobs : at + (a + 1) * jobs] for a in range(agents)]
    at += agents * jobs
    load = [figures[at + a * jobs : at + (a + 1) * jobs] for a in range(agents)]
    room = figures[at + agents * jobs : at + agents * jobs + agents]
    most = max(max(row) for row in gain)
    residues = [
        declared(f"j{j}", 1, f"work_{j}", current_cost_eur_per_unit=most, max_partners=1, min_lot=1)
        for j in range(jobs)
    ]
    needs = [declared(f"a{a}", -room[a], f"time_{a}", required="no") for a in range(agents)]
    pairs = [(a, j) for a in range(agents) for j in range(jobs)]
    return write(
        folder,
        "assignment",
        declarations=[*residues, *({**need, "max_partners": "", "min_lot": ""} for need in needs)],
        rules=[
            {
                "rule_id": f"r{a}_{j}",
                "residue": f"work_{j}",
                "need": f"time_{a}",
                "ratio": load[a][j],
            }
            for a, j in pairs
        ],
        links=[Arc(f"j{j}", f"a{a}", most - gain[a][j]).row() for a, j in pairs],
    )
