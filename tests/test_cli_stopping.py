"""Ctrl-C while it solves keeps the best plan so far with its proven gap; twice ends the command."""

import os
import signal

import numpy as np
import pytest

import eit
from eit.cli import console
from eit.scenario import Scenario


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_interrupt_of_a_solve_asks_it_to_stop_and_the_second_ends_it(capsys):
    with console.stopping("fr") as stop:
        assert not stop()
        interrupt()
        assert stop()
        with pytest.raises(KeyboardInterrupt):
            interrupt()
    assert "meilleur plan" in capsys.readouterr().err


def test_an_interrupt_before_the_solve_ends_the_command():
    with pytest.raises(KeyboardInterrupt), console.stopping("en"):
        interrupt()


def test_afterwards_an_interrupt_is_what_it_was_before():
    before = signal.getsignal(signal.SIGINT)
    with console.stopping("en"):
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def hard_territory(folder, count: int = 20):
    """Many residues and needs of one kind, all with lots and few partners: a whole program."""
    chance = np.random.default_rng(5)
    x, y = chance.uniform(2.7, 3.0, 2 * count), chance.uniform(50.3, 50.5, 2 * count)
    quantity = chance.lognormal(4, 0.8, 2 * count)
    folder.mkdir()
    (folder / "territory.toml").write_text('[territory]\nname = "x"\nbuiltin_rules = false\n')
    sites = [f"s{n},{x[n]:.5f},{y[n]:.5f},EPSG:4326" for n in range(2 * count)]
    (folder / "sites.csv").write_text("\n".join(["site_id,x,y,crs", *sites, ""]))
    rows = [
        f"d{n},s{n},{'residue' if n < count else 'need'},wood,{quantity[n]:.2f},20,25,2"
        for n in range(2 * count)
    ]
    head = (
        "declaration_id,site_id,kind,resource,quantity,current_cost_eur_per_unit,min_lot,"
        "max_partners"
    )
    (folder / "declarations").mkdir()
    (folder / "declarations" / "d.csv").write_text("\n".join([head, *rows, ""]))
    return eit.read_territory(folder)


def test_a_solve_that_is_stopped_gives_a_plan_within_its_proven_bound(tmp_path):
    territory = hard_territory(tmp_path / "t")
    stopped = eit.match(territory, Scenario(), stop=lambda: True)
    assert stopped.plan.status in ("optimal", "feasible")
    whole = eit.match(territory, Scenario(solver={"gap": 0.05}))
    best, bound = whole.plan.objective[0]["value"], stopped.plan.objective[0]["bound"]
    assert stopped.plan.objective[0]["value"] <= whole.plan.objective[0]["bound"] * (1 + 1e-9)
    assert best <= bound * (1 + 1e-9)
