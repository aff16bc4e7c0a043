import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from pyproj import Transformer
from support.atlas import made_territory

from eit.atlas import ground
from eit.atlas.ground import around, commune_name, list_ground, spelled_names
from eit.faults import DeclarationError
from eit.roads import Network

LENS = (2.83, 50.43)


def spots(*places):
    return gpd.GeoSeries(gpd.points_from_xy(*zip(*places, strict=True)), crs=4326)


def network(lines, km_h):
    """A network of straight two-way streets, each at its own speed."""
    to_metres = Transformer.from_crs(4326, 2154, always_xy=True)
    ends = np.array([to_metres.transform(*spot) for line in lines for spot in line])
    tail = np.arange(0, 2 * len(lines), 2)
    length = np.hypot(*(ends[tail] - ends[tail + 1]).T)
    minutes = length / (np.array(km_h) * 1000 / 60)
    shape = np.concatenate([ends, ends.reshape(-1, 2, 2)[:, ::-1].reshape(-1, 2)])
    return Network(
        crs="EPSG:2154",
        point=ends,
        tail=np.concatenate([tail, tail + 1]),
        head=np.concatenate([tail + 1, tail]),
        length_m=np.tile(length, 2),
        minutes=np.tile(minutes, 2),
        shape=shape,
        start=np.arange(0, 4 * len(lines) + 1, 2),
    )


def test_communes_around_a_place_are_named_and_stand_in_the_page():
    towns = around(list_ground(made_territory()), spots(LENS), {})
    assert set(towns["role"]) == {"town"}
    assert "Lens" in set(towns["name"])
    assert "Paris" not in set(towns["name"])
    assert len(towns) <= ground.TOWNS


def test_a_commune_is_spelled_as_its_sites_spell_it():
    sites = made_territory().sites.assign(insee="62510", city=["Liévin"] * 4 + ["LIEVIN", "Lievin"])
    assert spelled_names(sites) == {"62510": "Liévin"}
    towns = around(list_ground(made_territory()), spots((2.78, 50.42)), {"62510": "Liévin"})
    assert "Liévin" in set(towns["name"])


@pytest.mark.parametrize(
    ("capitals", "name"),
    [
        ("LE TOUQUET PARIS PLAGE", "Le Touquet-Paris-Plage"),
        ("STE MARIE KERQUE", "Sainte-Marie-Kerque"),
    ],
)
def test_a_name_in_capitals_is_told_as_it_is_written(capitals, name):
    assert commune_name(capitals) == name


def test_each_street_of_a_network_is_drawn_once():
    street = [(2.80, 50.43), (2.85, 50.44)]
    territory = replace(made_territory(), roads=network([street], [50]))
    roads = list_ground(territory)
    assert roads["role"].tolist() == ["road"]
    drawn = np.array(roads.geometry.iloc[0].coords)
    assert np.sort(drawn[:, 0]) == pytest.approx([2.80, 2.85], abs=1e-5)


def test_where_roads_are_many_the_slower_ones_are_left_out(monkeypatch):
    streets = [[(2.80, 50.43 + n / 100), (2.85, 50.43 + n / 100)] for n in range(4)]
    territory = replace(made_territory(), roads=network(streets, [30, 50, 90, 110]))
    monkeypatch.setattr(ground, "ROAD_POINTS", 4)
    assert len(list_ground(territory)) == 2


def test_a_folder_may_bring_its_own_background(tmp_path):
    def feature(kind, shape, coordinates):
        geometry = {"type": shape, "coordinates": coordinates}
        return {"type": "Feature", "properties": {"kind": kind}, "geometry": geometry}

    ring = [[[2.8, 50.4], [2.9, 50.4], [2.9, 50.5], [2.8, 50.4]]]
    features = [
        feature("water", "LineString", [[2.8, 50.42], [2.9, 50.43]]),
        feature("green", "Polygon", ring),
        feature("anything", "Polygon", ring),
        feature(None, "Point", [2.8, 50.4]),
    ]
    collection = {"type": "FeatureCollection", "features": features}
    (tmp_path / "background.geojson").write_text(json.dumps(collection))
    found = list_ground(replace(made_territory(), folder=tmp_path))
    assert found["role"].tolist() == ["area", "green", "water"]  # areas below, lines above
    near = around(found, spots(LENS), {})
    assert {"area", "green", "water", "town"} == set(near["role"])
    assert near[near["role"] != "town"].total_bounds[2] <= LENS[0] + ground.LEAST_MARGIN_DEG + 1e-9


def test_a_background_that_cannot_be_read_is_a_fault(tmp_path):
    (tmp_path / "background.geojson").write_text("{ not json")
    with pytest.raises(DeclarationError) as raised:
        list_ground(replace(made_territory(), folder=tmp_path))
    fault = raised.value.faults[0]
    assert fault.file == "background.geojson"
    assert "GeoJSON" in fault.text("fr")
