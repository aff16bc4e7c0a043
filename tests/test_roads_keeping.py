"""A road network is read once: what was kept is the same, or is not used."""

import os
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from support.roads import CRS, JUNCTIONS, extract, graphml

from eit.roads import Network, read_roads, reading
from eit.roads.keeping import MOST, place_of

EDGES = (("a", "b", {"d9": "712.5", "d8": "primary"}), ("b", "c", {"d8": "footway"}))


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("EIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache/roads"


@pytest.fixture
def roads(tmp_path):
    path = tmp_path / "roads.graphml"
    path.write_text(graphml(*EDGES))
    return path


@pytest.fixture
def parsed(monkeypatch):
    """Names of the files that were parsed, one for each time."""
    names = []
    parse = reading._read

    def counted(path, crs, file):
        names.append(path.name)
        return parse(path, crs, file)

    monkeypatch.setattr(reading, "_read", counted)
    return names


def same(one, other):
    names = [field.name for field in fields(Network) if field.name != "crs"]
    return one.crs == other.crs and all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
        and getattr(one, name).dtype == getattr(other, name).dtype
        for name in names
    )


def test_a_file_is_parsed_once_and_the_same_network_and_notices_come_back(roads, parsed, cache):
    first, said = read_roads(roads, crs=CRS)
    second, again = read_roads(roads, crs=CRS, file="other name")
    assert parsed == ["roads.graphml"]
    assert same(first, second)
    assert [one.code for one in said] == ["roads_measured", "roads_paths"]
    assert [one.file for one in again] == ["other name"] * 2
    assert [(n.code, n.detail, n.column) for n in again] == [
        (n.code, n.detail, n.column) for n in said
    ]
    assert [path.suffix for path in cache.iterdir()] == [".npz"]


def test_an_extract_is_kept_like_a_graph(tmp_path, parsed):
    path = tmp_path / "roads.osm.pbf"
    first, _ = extract(path, ([1, 2, 3], {"highway": "primary"}))
    second, _ = read_roads(path, crs=CRS)
    assert parsed == ["roads.osm.pbf"]
    assert same(first, second)


def test_another_content_or_system_is_another_network(roads, parsed):
    read_roads(roads, crs=CRS)
    utm, _ = read_roads(roads, crs="EPSG:32631")
    assert utm.crs == "EPSG:32631"
    roads.write_text(graphml(*EDGES, junctions=JUNCTIONS | {"c": (2.81, 50.42)}))
    read_roads(roads, crs=CRS)
    assert len(parsed) == 3


def test_a_file_with_faults_is_not_kept(roads, parsed, cache):
    roads.write_text(graphml(("a", "b", {"d9": "-1"})))
    for _ in range(2):
        network, said = read_roads(roads, crs=CRS)
        assert network is None
        assert [one.code for one in said] == ["roads_length"]
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("damage", ["empty", "cut", "text", "arrays", "ends"])
def test_what_was_kept_and_is_damaged_is_read_again_and_mended(roads, parsed, damage):
    first, _ = read_roads(roads, crs=CRS)
    place = place_of(roads, CRS)
    whole = place.read_bytes()
    arrays = dict(np.load(place))
    match damage:
        case "empty":
            place.write_bytes(b"")
        case "cut":
            place.write_bytes(whole[: len(whole) // 2])
        case "text":
            place.write_text("no archive")
        case "arrays":
            np.savez(place, **arrays | {"length_m": arrays["length_m"][:-1]})
        case "ends":
            np.savez(place, **arrays | {"head": arrays["head"] + 99})
    second, _ = read_roads(roads, crs=CRS)
    assert same(first, second)
    assert len(parsed) == 2
    assert place.read_bytes() == whole


def test_a_folder_that_cannot_be_written_or_made_is_done_without(roads, parsed, cache, monkeypatch):
    def refused(*_arguments, **_settings):
        raise PermissionError("read-only")

    monkeypatch.setattr("tempfile.mkstemp", refused)
    assert read_roads(roads, crs=CRS)[0] is not None
    assert list(cache.iterdir()) == []
    monkeypatch.undo()
    for folder in (str(roads), ""):
        monkeypatch.setenv("EIT_CACHE", folder)
        assert place_of(roads, CRS) is None
        assert read_roads(roads, crs=CRS)[0] is not None


def test_a_writing_that_is_stopped_leaves_nothing_that_is_read(roads, cache, monkeypatch):
    def full(file, **_arrays):
        file.write(b"half")
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(np, "savez", full)
    assert read_roads(roads, crs=CRS)[0] is not None
    assert list(cache.iterdir()) == []


def test_of_many_networks_the_latest_are_kept(tmp_path, cache):
    for number in range(MOST + 2):
        path = Path(tmp_path / f"{number}.graphml")
        path.write_text(graphml(("a", "b", {"d9": str(600 + number)})))
        read_roads(path, crs=CRS)
        os.utime(place_of(path, CRS), (number, number))
    assert len(list(cache.iterdir())) == MOST
    assert place_of(path, CRS).exists()
