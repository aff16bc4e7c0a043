"""Circuity by range of distance: near places are reached by more of a detour than far ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eit.faults import DeclarationError
from eit.matching.distances import by_circuity
from eit.scenario import Scenario, resolve
from eit.study import run
from eit.verify import verify_run
from eit.verify.distance import stretched

RANGES = [
    {"up_to_km": 5, "factor": 1.5, "source": "measured on forty pairs, 2026"},
    {"up_to_km": 20, "factor": 1.2, "source": "the same"},
]


def settings(ranges=RANGES, circuity=1.1):
    return resolve({"transport": {"circuity": circuity, "circuity_ranges": ranges}}, {}, Scenario())


def test_each_range_has_its_factor_and_beyond_the_last_the_usual_one_holds():
    """4 × 1.5; 10 × 1.2; 30 × 1.1; 6 × 1.2 = 7.2 is less than 5 × 1.5, which counts."""
    straight = np.array([0.0, 4.0, 5.0, 6.0, 10.0, 20.0, 21.0, 30.0, np.nan])
    wanted = [0, 6, 7.5, 7.5, 12, 24, 24, 33, np.nan]
    assert by_circuity(straight, settings()) == pytest.approx(wanted, nan_ok=True)
    assert stretched(straight, settings()) == pytest.approx(wanted, nan_ok=True)


def test_without_ranges_one_factor_holds_everywhere():
    straight = np.array([1.0, 100.0])
    plain = resolve({}, {}, Scenario())
    assert by_circuity(straight, plain).tolist() == stretched(straight, plain).tolist()
    assert by_circuity(straight, plain).tolist() == [1.3, 130.0]


@given(
    st.lists(st.tuples(st.floats(0.1, 50), st.floats(1, 3)), max_size=4),
    st.lists(st.floats(0, 300), min_size=2, max_size=20),
)
def test_what_lies_farther_off_is_never_nearer_by_road(parts, straight):
    ends = np.cumsum([width for width, _ in parts])
    factors = [factor for _, factor in parts]
    ranges = [
        {"up_to_km": float(end), "factor": factor, "source": "x"}
        for end, factor in zip(ends, factors, strict=True)
    ]
    chosen = settings(ranges) if ranges else settings(RANGES)
    distance = by_circuity(np.sort(straight), chosen)
    assert (np.diff(distance) >= 0).all()
    assert (distance >= np.sort(straight) * (1 - 1e-12)).all()
    assert stretched(np.sort(straight), chosen) == pytest.approx(distance.tolist())


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        1.2,
        [{"up_to_km": 5, "factor": 1.5}],  # no source
        [{"up_to_km": 5, "factor": 0.9, "source": "x"}],
        [{"up_to_km": 0, "factor": 1.1, "source": "x"}],
        [{"up_to_km": 5, "factor": 1.1, "source": " "}],
        RANGES[::-1],
        [{**RANGES[0], "until": 3}],
    ],
)
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_ranges_that_are_not_sound_are_a_fault(wrong, lang):
    with pytest.raises(DeclarationError) as raised:
        Scenario(transport={"circuity_ranges": wrong})
    (fault,) = raised.value.faults
    assert (fault.column, fault.code) == ("transport.circuity_ranges", "setting_ranges")
    assert "up_to_km" in fault.text(lang)


def test_a_run_prices_its_lanes_by_range_and_the_recheck_finds_the_same(tmp_path):
    """Three sites on one meridian: a third of a degree is some 37 km, a tenth 11 km."""
    folder = tmp_path / "territory"
    (folder / "declarations").mkdir(parents=True)
    (folder / "sites.csv").write_text(
        "site_id,lon,lat\nA,2.8,50.40\nB,2.8,50.50\nC,2.8,50.733333\nD,2.8,50.42\n"
    )
    (folder / "declarations/all.csv").write_text(
        "declaration_id,site_id,kind,resource,quantity,current_cost_eur_per_unit,max_distance_km\n"
        "a,A,residue,x,30,100,60\nb,B,need,x,10,0,60\nc,C,need,x,10,0,60\nd,D,need,x,10,0,60\n"
    )
    (folder / "territory.toml").write_text(
        '[territory]\nname = "T"\nbuiltin_rules = false\n[transport]\ncircuity = 1.1\n'
        'circuity_ranges = [{ up_to_km = 5, factor = 1.5, source = "x" },'
        ' { up_to_km = 20, factor = 1.2, source = "x" }]\n'
    )
    study = run(folder, tmp_path / "run")
    flows = study.plan.flows.set_index("to_id")["distance_km"]
    straight = {"b": 11.1245, "c": 37.0824, "d": 2.2249}  # of the ellipsoid, by pyproj
    factor = {"b": 1.2, "c": 1.1, "d": 1.5}
    assert flows.to_dict() == pytest.approx(
        {end: straight[end] * factor[end] for end in straight}, rel=2e-4
    )
    assert verify_run(tmp_path / "run").ok
