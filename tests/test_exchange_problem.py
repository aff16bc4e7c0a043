"""A problem says what is wrong with its arrays: which one, where, what came, what was wanted."""

from typing import Any

import numpy as np
import pytest

from solvers.exchange import Exchange, Limit, solve

PLAIN: dict[str, Any] = {
    "supply": np.array([10.0, 5.0]),
    "demand": np.array([8.0, 4.0]),
    "origin": np.array([0, 1]),
    "destination": np.array([0, 1]),
    "gain": np.array([3.0, 2.0]),
}


def test_six_arrays_make_a_problem_of_one_period() -> None:
    problem = Exchange(**PLAIN, ratio=np.array([1.0, 2.0]))
    assert problem.periods == 1
    assert problem.gain.shape == (1, 2)
    assert problem.way.tolist() == [0, 1]
    assert problem.pair.tolist() == [0, 1]
    assert np.isinf(problem.max_quantity).all()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"supply": np.array([10.0, -1.0])},
            r"supply must be finite and >= 0; got -1.0 at .*\(1, 0\)",
        ),
        ({"supply": np.array([np.inf, 1.0])}, "supply must be finite and >= 0; got inf"),
        ({"gain": np.array([1.0, np.nan])}, "gain must be finite; got nan"),
        ({"ratio": np.array([1.0, 0.0])}, "ratio must be finite and > 0; got 0.0 at position 1"),
        ({"origin": np.array([0, 2])}, "origin must be < 2; got 2 at position 1"),
        ({"destination": np.array([0, -1])}, "destination must be >= 0; got -1 at position 1"),
        ({"origin": np.array([0.0, 1.0])}, "origin must be whole numbers"),
        ({"ratio": np.ones(3)}, r"ratio must have shape \(k\) = \(2,\); got \(3,\)"),
        ({"hub_gain": np.array([[1.0]])}, "hub_gain must be finite and <= 0; got 1.0"),
        ({"trip_gain": np.array([[0.0, 1.0]])}, "trip_gain must be finite and <= 0"),
        ({"demand": np.ones((2, 3))}, "demand must have"),
        ({"supply": np.ones((2, 0)), "demand": np.ones((2, 0))}, "at least one period"),
        ({"tolerance": -0.1}, "tolerance must be finite and >= 0; got -0.1"),
        ({"limits": (Limit(limit=-1.0),)}, "limit must be >= 0; got -1.0"),
        ({"limits": (Limit(limit=1.0, way_coef=np.array([0.0, -1.0])),)}, "way_coef must be"),
        ({"blend_row": np.array([1]), "blend_lane": np.array([0]), "blend_rows": 1}, "blend_row"),
        (
            {
                "way": np.array([0, 0]),
                "required": np.array([True, True]),
                "min_quantity": np.ones(2),
            },
            "required must be false where a way has no lane; got way 1",
        ),
    ],
)
def test_a_fault_is_named_with_its_place(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Exchange(**{**PLAIN, **changed})


def _circle(yields: tuple[float, float], **more: Any) -> Exchange:
    """Source 0 feeds hub 0, hubs 0 and 1 feed each other, hub 1 feeds the sink."""
    return Exchange(
        supply=np.array([10.0]),
        demand=np.array([50.0]),
        origin=np.array([0, 1, 2, 2]),
        destination=np.array([1, 2, 1, 0]),
        gain=np.array([0.0, 0.0, 0.0, 1.0]),
        recipe_hub=np.array([0, 1]),
        recipe_product=np.array([0, 1]),
        product_hub=np.array([0, 1]),
        recipe_yield=np.array(yields),
        **more,
    )


def test_a_circle_of_hubs_that_makes_more_than_it_takes_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"more than 1; got no limit on hubs \[0, 1\]"):
        _circle((2.0, 0.75))


def test_a_growing_circle_is_accepted_where_a_capacity_limits_it() -> None:
    # 16 taken by hub 0 make 32; of these 8 go round (6 to hub 0 after the yield of 0.75).
    outcome = solve(_circle((2.0, 0.75), hub_capacity=np.array([16.0, np.inf])), gap=0.0)
    # Hub 0 takes 10 + y = 16, makes 32, hub 1 makes 24 of it: 6 back, 18 to the sink.
    assert outcome.values[0] == pytest.approx(18.0)


def test_a_circle_that_keeps_quantities_ends_in_a_plan() -> None:
    outcome = solve(_circle((1.0, 1.0)), gap=0.0)
    assert outcome.values[0] == pytest.approx(10.0)


def test_a_product_belongs_to_the_hub_of_its_recipe() -> None:
    with pytest.raises(
        ValueError, match="recipe_product must be a product of the recipe's own hub"
    ):
        Exchange(
            **PLAIN,
            recipe_hub=np.array([0]),
            recipe_product=np.array([0]),
            product_hub=np.array([1]),
        )


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"gap": -1.0}, "gap must be finite and >= 0"),
        ({"time_limit_s": 0.0}, "time_limit_s must be > 0"),
        ({"threads": 0}, "threads must be >= 1"),
    ],
)
def test_options_out_of_range_are_refused(option: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        solve(Exchange(**PLAIN), **option)
