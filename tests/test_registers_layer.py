"""A layer of any geographic file made into business parks."""

import json

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from eit.faults import DeclarationError
from eit.registers import import_layer
from eit.territory import check_territory, new_territory, read_territory

LENS = shapely.box(2.82, 50.42, 2.84, 50.44)


def layer(tmp_path, *, crs=2154, name="zae.gpkg", **columns):
    columns = columns or {"ID_ZAE": [7.0, 8.0], "Libellé": ["Nord", "Sud"]}
    shapes = [LENS, shapely.affinity.translate(LENS, 0.1)][: len(next(iter(columns.values())))]
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=4326).to_crs(crs)
    frame.to_file(tmp_path / name)
    return tmp_path / name


@pytest.mark.parametrize("name", ["zae.gpkg", "zae.geojson", "zae.shp"])
def test_polygons_of_any_format_and_system_become_parks(tmp_path, name):
    source = layer(tmp_path, crs=4326 if "json" in name else 27572, name=name, nom=["Nord", "Sud"])
    report = import_layer(source, tmp_path / "out")
    parks = read_territory(tmp_path / "out").parks
    assert report.parks == len(parks) == 2
    assert parks["name"].tolist() == ["Nord", "Sud"]
    assert parks.geometry.iloc[0].symmetric_difference(LENS).area < 1e-6


def test_ids_and_names_are_found_by_their_usual_titles(tmp_path):
    import_layer(layer(tmp_path), tmp_path / "out")
    parks = read_territory(tmp_path / "out").parks
    assert parks[["park_id", "name"]].to_numpy().tolist() == [["7", "Nord"], ["8", "Sud"]]


def test_columns_can_be_named_and_a_wrong_one_is_a_fault(tmp_path):
    source = layer(tmp_path, a=["x", "y"], b=["X", "Y"])
    import_layer(source, tmp_path / "out", id_column="a", name_column="B")
    parks = read_territory(tmp_path / "out").parks
    assert parks[["park_id", "name"]].to_numpy().tolist() == [["x", "X"], ["y", "Y"]]
    with pytest.raises(DeclarationError, match="'c'"):
        import_layer(source, tmp_path / "other", id_column="c")


def test_without_an_id_parks_are_numbered_and_repeated_ids_are_left_out(tmp_path):
    import_layer(layer(tmp_path, surface=[1, 2]), tmp_path / "out")
    assert read_territory(tmp_path / "out").parks["park_id"].tolist() == ["P1", "P2"]
    twice = layer(tmp_path, name="twice.gpkg", id=["A", "A"])
    report = import_layer(twice, tmp_path / "again")
    assert (report.parks, report.counts["cnig_id"]) == (1, 1)


def test_parks_join_a_territory_that_has_none_and_never_replace_any(tmp_path):
    new_territory(tmp_path / "mine")
    import_layer(layer(tmp_path), tmp_path / "mine")
    assert check_territory(tmp_path / "mine").faults == ()
    assert len(read_territory(tmp_path / "mine").parks) == 2
    with pytest.raises(FileExistsError):
        import_layer(tmp_path / "zae.gpkg", tmp_path / "mine")
    (tmp_path / "used").mkdir()
    (tmp_path / "used/a.txt").write_text("a")
    with pytest.raises(FileExistsError):
        import_layer(tmp_path / "zae.gpkg", tmp_path / "used")


def test_the_layer_with_polygons_is_taken_and_another_can_be_named(tmp_path):
    path = tmp_path / "many.gpkg"
    points = gpd.GeoDataFrame({"id": ["p"]}, geometry=[LENS.centroid], crs=4326)
    points.to_file(path, layer="points")
    gpd.GeoDataFrame({"id": ["z"]}, geometry=[LENS], crs=4326).to_file(path, layer="zones")
    assert import_layer(path, tmp_path / "out").parks == 1
    with pytest.raises(DeclarationError):
        import_layer(path, tmp_path / "points", layer="points")
    with pytest.raises(DeclarationError):
        import_layer(path, tmp_path / "none", layer="none")
    (tmp_path / "x.gpkg").write_text("no")
    with pytest.raises(DeclarationError):
        import_layer(tmp_path / "x.gpkg", tmp_path / "x")


def test_a_point_among_the_polygons_is_listed(tmp_path):
    path = tmp_path / "mixed.geojson"
    shapes = [LENS, LENS.centroid, None]
    gpd.GeoDataFrame({"id": ["a", "b", "c"]}, geometry=shapes, crs=4326).to_file(path)
    report = import_layer(path, tmp_path / "out")
    said = pd.read_csv(tmp_path / "out/import_report.csv", dtype=str)
    assert report.parks == 1
    assert said.loc[said["code"] == "register_no_shape", "line"].tolist() == ["2", "3"]


# anything at all

corner = st.floats(-10, 60, allow_nan=False)
ring = st.lists(st.tuples(corner, corner), max_size=5)
shape = st.one_of(
    st.none(),
    ring.map(lambda points: {"type": "Polygon", "coordinates": [points]}),
    ring.map(lambda points: {"type": "MultiPolygon", "coordinates": [[points], [points]]}),
    ring.map(lambda points: {"type": "LineString", "coordinates": points}),
    st.just({"type": "Point", "coordinates": [2.8, 50.4]}),
    st.just({"type": "Point", "coordinates": []}),
    st.just({"type": "GeometryCollection", "geometries": []}),
)
cell = st.one_of(st.none(), st.text(max_size=5), st.integers(-5, 5), st.floats(allow_nan=False))
feature = st.fixed_dictionaries(
    {
        "type": st.just("Feature"),
        "geometry": shape,
        "properties": st.dictionaries(st.sampled_from(["park_id", "nom", "other"]), cell),
    }
)


@settings(max_examples=40, deadline=None)
@given(st.lists(feature, max_size=4))
def test_no_feature_whatever_is_a_crash(tmp_path_factory, features):
    """Each becomes a park, or is listed; a layer without one park is a fault."""
    folder = tmp_path_factory.mktemp("layer")
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (folder / "zae.geojson").write_text(text, encoding="utf-8")
    try:
        report = import_layer(folder / "zae.geojson", folder / "out")
    except DeclarationError:
        return
    left = report.counts.get("register_no_shape", 0) + report.counts.get("cnig_id", 0)
    assert report.parks + left == report.rows
    assert check_territory(folder / "out").faults == ()


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_whatever_are_a_crash(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("bytes")
    (folder / "zae.geojson").write_bytes(content)
    with pytest.raises(DeclarationError):
        import_layer(folder / "zae.geojson", folder / "out")
