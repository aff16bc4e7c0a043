"""Territories in which hubs mix: pooling problems as folders, and small ones drawn by chance."""

import random
from pathlib import Path

from support.pooling_cases import Case
from support.territories import write_folder

TOML = """
[territory]
name = "Pools"
crs = "EPSG:2154"
year = 2026
builtin_rules = false
{territory}
[transport]
circuity = 1.0
cost_eur_per_t_km = 0.0
[factors]
assume_costs = false
[objective]
hub_quality = "mixed"
"""


def write_case(folder: Path, case: Case) -> Path:
    """Write a pooling problem as a folder: crudes are residues, pools hubs, products needs.

    One site each, all in one row; what a component costs stands as a negative saving.
    """
    ids = [f"c{c}" for c in range(len(case.components))] + [f"p{p}" for p in range(len(case.sold))]
    sites = ["site_id,lon,lat"] + [f"S{name},{2.8 + 0.01 * at},50.4" for at, name in enumerate(ids)]
    rows = ["declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit,quality"]
    for c, (most, price, quality) in enumerate(case.components):
        said = "; ".join(f"q{name}={value}" for name, value in enumerate(quality))
        rows.append(f"c{c},Sc{c},residue,component_{c},{most},t,{-price},{said}")
    for p, (most, price, quality) in enumerate(case.sold):
        said = "; ".join(f"q{name}<={value}" for name, value in enumerate(quality))
        rows.append(f"p{p},Sp{p},need,product_{p},{most},t,{price},{said}")
    hubs = ["hub_id,lon,lat,takes,gives,capacity"]
    hubs += [
        f"o{o},2.9,50.5,component_{c},blend_{o},{case.capacity[o]}"
        for o, fed in enumerate(case.feeds)
        for c in fed
    ]
    goods = [f"blend_{o}" for o in range(len(case.feeds))]
    goods += [f"component_{c}" for c in case.direct]
    rules = ["rule_id,residue,need,ratio,treatment_cost_eur_per_unit"]
    rules += [
        f"r{at}_{p},{good},product_{p},1,0"
        for at, good in enumerate(goods)
        for p in range(len(case.sold))
    ]
    tables = {"hubs": hubs, "rules": rules}
    return write_folder(
        folder,
        "\n".join(rows) + "\n",
        sites="\n".join(sites) + "\n",
        toml=TOML,
        **{name: "\n".join(lines) + "\n" for name, lines in tables.items()},
    )


def write_random(folder: Path, seed: int) -> Path:
    """Write a small territory by chance: two or three residues, one or two hubs, two needs.

    Some have fixed costs, smallest lots, yields, opening costs, or residues that go past hubs.
    """
    draw = random.Random(seed)
    names = ["q0"] if seed % 2 else ["q0", "q1"]
    count, hubs = draw.choice([2, 3]), draw.choice([1, 1, 2])
    sites = "site_id,lon,lat\n" + "".join(f"S{at},{2.8 + 0.02 * at},50.4\n" for at in range(6))
    rows = [
        "declaration_id,site_id,kind,resource,quantity,unit,current_cost_eur_per_unit,"
        "quality,min_lot"
    ]
    for at in range(count):
        said = "; ".join(f"{name}={draw.randint(1, 9)}" for name in names)
        lot = draw.choice(["", "", 10])
        rows.append(
            f"R{at},S{at},residue,good_{at},{draw.randint(20, 80)},t,"
            f"{draw.randint(-12, 8)},{said},{lot}"
        )
    for at in range(2):
        said = "; ".join(
            f"{name}{draw.choice(['<=', '<=', '>='])}{draw.randint(2, 8)}" for name in names
        )
        rows.append(
            f"N{at},S{at + 3},need,thing_{at},{draw.randint(20, 90)},t,"
            f"{draw.randint(4, 20)},{said},"
        )
    lines = ["hub_id,lon,lat,takes,gives,yield,capacity,unit_cost_eur,opening_cost_eur"]
    for hub in range(hubs):
        opening = draw.choice(["", 40])
        for at in range(count):
            if at < 2 or draw.random() < 0.5:
                rate = draw.choice([1, 1, 0.8])
                lines.append(f"H{hub},2.85,50.42,good_{at},mix_{hub},{rate},150,1,{opening}")
    rules = ["rule_id,residue,need,ratio,treatment_cost_eur_per_unit"]
    for hub in range(hubs):
        rules += [f"m{hub}_{at},mix_{hub},thing_{at},1,0" for at in range(2)]
    rules += [f"d_{at},good_{count - 1},thing_{at},1,1" for at in range(draw.choice([0, 2]))]
    links = ["from_id,to_id,fixed_cost_eur,max_quantity"]
    links += [f"R0,H0,{draw.choice([0, 25])},{draw.choice([30, 200])}"]
    return write_folder(
        folder,
        "\n".join(rows) + "\n",
        sites=sites,
        toml=TOML,
        hubs="\n".join(lines) + "\n",
        rules="\n".join(rules) + "\n",
        links="\n".join(links) + "\n",
    )
