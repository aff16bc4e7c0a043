"""Imports run down the floors only; solvers and maps know nothing of eit or of each other."""

import ast
import sys
from pathlib import Path

import pytest
from support.modules import ROOT, modules

FLOORS = {
    "eit.caches": 0,
    "eit.data": 0,
    "eit.texts": 1,
    "eit.faults": 2,
    "eit.units": 3,
    "eit.tables": 4,
    "eit.nomenclature": 4,
    "eit.scenario": 5,
    "eit.declarations": 5,
    "eit.places": 5,
    "eit.roads": 5,
    "eit.territory": 6,
    "eit.results": 7,
    "eit.checking": 7,
    "eit.matching": 8,
    "eit.store": 8,
    "eit.verify": 8,
    "eit.registers": 8,
    "eit.atlas": 9,
    "eit.report": 9,
    "eit.study": 10,
    "eit": 11,
    "eit.portal": 12,
    "eit.cli": 13,
}
ALLOWED_BY_SOLVERS = {"numpy", "scipy", "networkx", "ortools", "pybind11_abseil"}  # of ortools
ALLOWED_BY_MAPS = {"folium", "branca", "geopandas", "pandas", "shapely", "numpy", "jinja2", "babel"}


def imports(file: Path) -> set[str]:
    """Dotted names that a file imports, wherever in the file the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room(name: str) -> str:
    """The room that a dotted name lies in: ``eit.tables.read`` lies in ``eit.tables``."""
    return ".".join(name.split(".")[:2])


def test_every_room_of_eit_has_a_floor():
    rooms = {room(name) for name in modules() if name.startswith("eit")}
    assert rooms == set(FLOORS)


@pytest.mark.parametrize("name", sorted(n for n in modules() if n.startswith("eit")))
def test_a_room_imports_only_from_floors_below(name):
    here = room(name)
    for target in imports(modules()[name]):
        if target.split(".")[0] != "eit":
            continue
        there = room(target) if room(target) in FLOORS else "eit"
        assert there == here or FLOORS[there] < FLOORS[here], f"{name} imports {target}"


@pytest.mark.parametrize("name", sorted(n for n in modules() if n.startswith("solvers")))
def test_solvers_know_arrays_only(name):
    for target in imports(modules()[name]):
        top = target.split(".")[0]
        known = ALLOWED_BY_SOLVERS | {"solvers"} | set(sys.stdlib_module_names)
        assert top in known, f"{name} imports {target}"


@pytest.mark.parametrize("name", sorted(n for n in modules() if n.startswith("maps")))
def test_maps_know_geodataframes_only(name):
    for target in imports(modules()[name]):
        top = target.split(".")[0]
        known = ALLOWED_BY_MAPS | {"maps"} | set(sys.stdlib_module_names)
        assert top in known, f"{name} imports {target}"


def test_no_circle_of_modules():
    found = modules()
    graph = {
        name: {i if i in found else i.rpartition(".")[0] for i in imports(file)}
        & set(found) - {name}
        for name, file in found.items()
    }
    done: set[str] = set()
    while layer := {name for name in graph.keys() - done if graph[name] <= done}:
        done |= layer
    assert done == graph.keys(), f"circle among {sorted(graph.keys() - done)}"


def test_datasets_hold_no_python():
    assert not list((ROOT / "datasets").rglob("*.py"))
