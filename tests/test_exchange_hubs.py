"""Hubs of small exchange problems, by hand: recipes, capacity, opening, hub to hub."""

from typing import Any

import pytest
from support.exchange_by_hand import assert_worth, run


def _hub(**more: Any) -> dict[str, Any]:
    """Source 0 ships to a hub that makes half a product of it, which sink 0 buys."""
    return {
        "supply": [10.0],
        "demand": [4.0],
        "origin": [0, 1],
        "destination": [1, 0],
        "gain": [-1.0, 5.0],
        "recipe_hub": [0],
        "recipe_product": [0],
        "recipe_yield": [0.5],
        "product_hub": [0],
        **more,
    }


def test_a_hub_gives_what_it_makes_of_what_it_takes() -> None:
    outcome = run(**_hub())
    assert_worth(outcome, 12.0)
    assert outcome.shipped.ravel() == pytest.approx([8.0, 4.0])
    assert outcome.open.tolist() == [True]
    assert outcome.method == "lp"


def test_a_hub_takes_no_more_than_its_capacity() -> None:
    assert_worth(run(**_hub(hub_capacity=[6.0])), -6.0 + 15.0)


def test_a_hub_opens_where_it_pays() -> None:
    opened, closed = run(**_hub(hub_gain=[[-11.0]])), run(**_hub(hub_gain=[[-13.0]]))
    assert_worth(opened, 1.0)
    assert_worth(closed, 0.0)
    assert (opened.open.tolist(), closed.open.tolist()) == ([True], [False])


def test_a_product_leaves_in_full_even_at_a_loss() -> None:
    # Taking earns 3 a unit, each half unit made costs 4 to place: 3 - 2 gained.
    assert_worth(run(**_hub(gain=[3.0, -4.0])), 8.0)
    assert_worth(run(**_hub(gain=[3.0, -7.0])), 0.0)


def test_a_final_recipe_gives_nothing() -> None:
    outcome = run(
        supply=[10.0],
        demand=[1.0],
        origin=[0],
        destination=[1],
        gain=[2.0],
        recipe_hub=[0],
        recipe_product=[-1],
        hub_capacity=[7.0],
    )
    assert_worth(outcome, 14.0)


def test_recipes_share_the_capacity_of_their_hub() -> None:
    outcome = run(
        supply=[5.0, 5.0],
        demand=[9.0, 9.0],
        origin=[0, 1, 2, 3],
        destination=[2, 3, 0, 1],
        gain=[0.0, 0.0, 2.0, 3.0],
        recipe_hub=[0, 0],
        recipe_product=[0, 1],
        product_hub=[0, 0],
        hub_capacity=[8.0],
    )
    assert_worth(outcome, 15.0 + 6.0)


def test_hubs_pass_goods_on_to_hubs() -> None:
    # Half of 8 is made by hub 0, a quarter of that by hub 1.
    outcome = run(
        supply=[8.0],
        demand=[9.0],
        origin=[0, 1, 2],
        destination=[1, 2, 0],
        gain=[0.0, 0.0, 10.0],
        recipe_hub=[0, 1],
        recipe_product=[0, 1],
        recipe_yield=[0.5, 0.25],
        product_hub=[0, 1],
    )
    assert_worth(outcome, 10.0)
