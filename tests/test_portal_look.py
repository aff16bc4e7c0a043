"""What each person sees of a published plan, and what nobody else's business it is."""

import re

import pytest
from support.portal.town import town_in

from eit.store.models import SynergyRow


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    made = town_in(tmp_path_factory.mktemp("portal"))
    made.publish(made.run())
    return made


@pytest.fixture
def fresh(town, tmp_path):
    """A town of its own for a test that changes what others look at."""
    return town.copy(tmp_path / "fresh")


@pytest.fixture(scope="module")
def synergies(town):
    """Identifiers of the two synergies, by donor."""
    with town.store.reading() as session:
        return {row.donor_key: row.id for row in session.query(SynergyRow)}


def text_of(town, person: str, path: str, status: int = 200) -> str:
    answer = town.client(person).get(path)
    assert answer.status_code == status, answer.text[:400]
    return re.sub(r"[\u202f\xa0]", " ", answer.text)


def answer(town, person: str, synergy_id: str, interested: str, **more) -> int:
    data = {"interested": interested, **more}
    return (
        town.client(person).post(f"/t/essai/synergies/{synergy_id}/answer", data=data).status_code
    )


def test_the_plan_is_the_one_redone_by_hand(town):
    # 70 t of offcuts and 30 t of film, each at 60 + 40 euros a tonne
    with town.store.reading() as session:
        rows = {row.donor_key: row.figures for row in session.query(SynergyRow)}
    assert rows["A-R1"]["quantity"] == pytest.approx(70)
    assert rows["A-R1"]["saving_donor_eur"] == pytest.approx(70 * 60)
    assert rows["A-R1"]["saving_receiver_eur"] == pytest.approx(70 * 40)
    assert rows["C-R1"]["value_eur"] == pytest.approx(30 * 100)
    assert rows["C-R1"]["shared_costs_eur"] == pytest.approx(0)


def test_a_firm_sees_its_own_gain_and_neither_the_others_nor_the_sum(town, synergies):
    page = text_of(town, "alpha", f"/t/essai/synergies/{synergies['A-R1']}")
    assert "4 200 €" in page  # 70 t at 60
    assert "2 800" not in page  # the receiver's 70 t at 40
    assert "7 000" not in page  # what both gain
    assert "Beta" not in page


def test_each_side_sees_its_own_side(town, synergies):
    page = text_of(town, "beta", f"/t/essai/synergies/{synergies['A-R1']}")
    assert "2 800 €" in page
    assert "4 200" not in page
    assert "Alpha" not in page


def test_a_facilitator_sees_names_and_the_sum_and_no_sides(town, synergies):
    page = text_of(town, "facilitator", f"/t/essai/synergies/{synergies['A-R1']}")
    assert "7 000 €" in page
    assert "Alpha" in page
    assert "Beta" in page
    assert "4 200" not in page
    assert "2 800" not in page


@pytest.mark.parametrize("person", ["gamma", "stranger", "administrator", "east"])
def test_a_synergy_of_others_does_not_exist(town, synergies, person):
    text_of(town, person, f"/t/essai/synergies/{synergies['A-R1']}", 404)


def test_a_firm_lists_its_own_synergies_alone(town, synergies):
    page = text_of(town, "gamma", "/t/essai/synergies")
    assert synergies["C-R1"] in page
    assert synergies["A-R1"] not in page


def test_a_table_taken_away_holds_what_its_page_holds(town):
    rows = text_of(town, "alpha", "/t/essai/synergies.csv").splitlines()
    assert len(rows) == 2
    assert "70" in rows[1]
    assert "Beta" not in rows[1]


def test_names_come_with_the_second_yes_and_go_with_a_no(fresh):
    town = fresh
    with town.store.reading() as session:
        key = {row.donor_key: row.id for row in session.query(SynergyRow)}["A-R1"]
    path = f"/t/essai/synergies/{key}"
    assert answer(town, "alpha", key, "yes", contact="yes", why="dès mai") == 303
    assert "Beta" not in text_of(town, "alpha", path)
    assert "Alpha" not in text_of(town, "beta", path)
    assert "dès mai" in text_of(town, "facilitator", path)
    assert answer(town, "beta", key, "yes") == 303
    assert "Beta" in text_of(town, "alpha", path)
    seen = text_of(town, "beta", path)
    assert "Alpha" in seen
    assert "alpha@example.org" in seen  # asked for contact
    assert "beta@example.org" not in text_of(town, "alpha", path)  # did not
    assert "dès mai" not in seen  # the reason is the facilitator's to read
    assert answer(town, "alpha", key, "no") == 303
    assert "Alpha" not in text_of(town, "beta", path)


def test_before_both_agree_a_distance_is_told_in_steps(town, synergies):
    page = text_of(town, "gamma", f"/t/essai/synergies/{synergies['C-R1']}")
    assert "environ 5 km" in page
    assert "0,8" not in page


def test_a_synergy_goes_through_its_stages_with_notes(town, synergies):
    path = f"/t/essai/synergies/{synergies['C-R1']}"
    client = town.client("facilitator")
    sent = {"stage": "discussion", "text": "appelé Gamma", "next_date": "2026-12-03"}
    assert client.post(f"{path}/stage", data=sent).status_code == 303
    page = text_of(town, "facilitator", path)
    assert "en discussion" in page
    assert "appelé Gamma" in page
    assert "3 déc. 2026" in page
    firm = text_of(town, "gamma", path)
    assert "en discussion" in firm
    assert "appelé Gamma" not in firm


@pytest.mark.parametrize(
    "sent",
    [
        {"stage": "stopped", "text": " "},
        {"stage": "married"},
        {"stage": "studied", "next_date": "soon"},
        {"stage": "studied", "text": "x" * 4001},
    ],
)
def test_a_step_that_cannot_be_taken_is_refused_and_changes_nothing(town, synergies, sent):
    path = f"/t/essai/synergies/{synergies['A-R1']}"
    assert town.client("facilitator").post(f"{path}/stage", data=sent).status_code == 422
    with town.store.reading() as session:
        assert session.get_one(SynergyRow, synergies["A-R1"]).stage == "detected"


def test_only_a_facilitator_moves_a_synergy(town, synergies):
    path = f"/t/essai/synergies/{synergies['A-R1']}/stage"
    data = {"stage": "decided"}
    assert town.client("alpha").post(path, data=data).status_code == 403
    assert town.client("gamma").post(path, data=data).status_code == 404
    assert (
        town.client("facilitator")
        .post(f"/t/essai/synergies/{synergies['A-R1']}/answer", data={"interested": "yes"})
        .status_code
        == 403
    )


def test_a_manager_sees_the_own_park_without_money_and_without_restricted_firms(town):
    page = text_of(town, "west", "/t/essai/parks/ouest")
    assert "Gamma" in page
    assert "Delta" in page
    east = text_of(town, "east", "/t/essai/parks/est")
    assert "Alpha" not in east
    for shown in (page, east):
        assert "€" not in shown


def test_a_managers_map_is_shut_in_and_holds_no_restricted_name(town):
    answer_ = town.client("east").get("/t/essai/parks/est/map")
    assert answer_.status_code == 200
    assert "sandbox allow-scripts" in answer_.headers["content-security-policy"]
    assert "connect-src" not in answer_.headers["content-security-policy"]
    assert "4200" not in answer_.text


@pytest.mark.parametrize("person", ["east", "alpha", "stranger", "administrator"])
def test_another_park_does_not_exist(town, person):
    for path in ("", "/map", "/exchanges.csv"):
        text_of(town, person, f"/t/essai/parks/ouest{path}", 404)


def test_a_park_that_the_run_does_not_know_does_not_exist(town):
    text_of(town, "facilitator", "/t/essai/parks/nowhere", 404)


def test_the_interface_says_what_the_pages_say(town, synergies):
    path = f"/api/v1/territories/essai/synergies/{synergies['A-R1']}"
    mine = town.client("alpha").get(path).json()
    assert mine["figures"]["saving_donor_eur"] == pytest.approx(4200)
    hidden = {"saving_receiver_eur", "value_eur", "receiver_name", "receiver_site"}
    assert not hidden & set(mine["figures"])
    all_of_it = town.client("facilitator").get(path).json()
    assert all_of_it["figures"]["value_eur"] == pytest.approx(7000)
    assert town.client("gamma").get(path).status_code == 404
    park = town.client("west").get("/api/v1/territories/essai/parks/ouest").json()
    assert [row["quantity"] for row in park["exchanges"]] == [pytest.approx(30)]


def test_a_program_answers_and_follows_as_a_person_does(fresh):
    town = fresh
    with town.store.reading() as session:
        key = {row.donor_key: row.id for row in session.query(SynergyRow)}["C-R1"]
    path = f"/api/v1/territories/essai/synergies/{key}"
    said = town.client("gamma").post(f"{path}/answers", json={"interested": True})
    assert (said.status_code, said.json()["answers"]) == (201, {"donor": True})
    step = {"stage": "qualified", "text": "ok", "next_date": "2026-12-01"}
    assert (
        town.client("facilitator").post(f"{path}/steps", json=step).json()["stage"] == "qualified"
    )
    assert town.client("gamma").post(f"{path}/steps", json=step).status_code == 403


def test_a_second_run_keeps_what_was_said_of_a_synergy(fresh):
    town = fresh
    with town.store.reading() as session:
        keys = {row.donor_key: row.id for row in session.query(SynergyRow)}
    answer(town, "gamma", keys["C-R1"], "yes")
    without_alpha = '[exclude]\nsites = ["a1"]\n'
    town.publish(town.run(without_alpha))
    with town.store.reading() as session:
        assert {row.donor_key: row.id for row in session.query(SynergyRow)} == keys
    assert "répondu" in text_of(town, "gamma", f"/t/essai/synergies/{keys['C-R1']}")
    gone = text_of(town, "alpha", f"/t/essai/synergies/{keys['A-R1']}")
    assert "ne contient pas cette synergie" in gone
