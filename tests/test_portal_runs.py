"""Facilitators ask for plans, look at them, compare and publish them; nobody else may."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.portal.town import town_in

from eit.portal.days import end_of_day, read_day
from eit.portal.refusals import Unsound
from eit.store.columns import now
from eit.store.models import AccountRow, JobRow, PublicationRow

WITHOUT_ALPHA = '[exclude]\nsites = ["a1"]\n'


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return town_in(tmp_path_factory.mktemp("portal"))


@pytest.fixture(scope="module")
def runs(town):
    """A plan of all, and one without Alpha."""
    return town.run(name="tous"), town.run(WITHOUT_ALPHA, name="sans Alpha")


def text_of(answer) -> str:
    return re.sub(r"[\u202f\xa0]", " ", answer.text)


def newest(town) -> JobRow:
    with town.store.reading() as session:
        return session.query(JobRow).order_by(JobRow.created_at.desc()).first()


def test_a_job_asked_for_waits_with_its_scenario_and_is_announced(town):
    told = []
    kept = town.app.state.queue
    town.app.state.queue = replace(kept, announce=told.append)
    sent = {"name": "essai", "scenario": "scenario_sans_alpha.toml", "day": ""}
    answer = town.client("facilitator").post("/t/essai/jobs", data=sent)
    town.app.state.queue = kept
    job = newest(town)
    assert answer.headers["location"] == f"/t/essai/jobs/{job.id}"
    assert (job.state, job.scenario, job.name) == ("queued", WITHOUT_ALPHA, "essai")
    assert told == [job.id]


@pytest.mark.parametrize(
    "sent", [{"scenario": "../secret.toml"}, {"scenario": "territory.toml"}, {"day": "demain"}]
)
def test_what_cannot_be_asked_is_refused(town, sent):
    assert town.client("facilitator").post("/t/essai/jobs", data=sent).status_code == 422


def test_a_faulty_scenario_is_said_line_by_line(town):
    path = "/api/v1/territories/essai/jobs"
    answer = town.client("facilitator").post(path, json={"scenario": "[solver]\ngap = -1\n"})
    assert answer.status_code == 422
    assert [(fault["line"], fault["column"]) for fault in answer.json()["faults"]] == [
        (2, "solver.gap")
    ]


@pytest.mark.parametrize("person", ["alpha", "east", "administrator", "stranger"])
def test_jobs_and_runs_are_facilitators_business(town, runs, person):
    client = town.client(person)
    for path in ("jobs", f"jobs/{runs[0]}", f"runs/{runs[0]}", f"runs/{runs[0]}/maps/index.html"):
        assert client.get(f"/t/essai/{path}").status_code == 404
    for path in ("jobs", f"jobs/{runs[0]}/cancel", f"runs/{runs[0]}/publish"):
        assert client.post(f"/t/essai/{path}", data={}).status_code in (403, 404)
    assert client.get("/api/v1/territories/essai/jobs").status_code == 404


def test_a_done_job_leads_to_its_run_with_the_plan_redone_by_hand(town, runs):
    client = town.client("facilitator")
    answer = client.get(f"/t/essai/jobs/{runs[0]}")
    assert answer.headers["location"] == f"/t/essai/runs/{runs[0]}"
    page = text_of(client.get(f"/t/essai/runs/{runs[0]}"))
    assert "10 000" in page  # (70 + 30) t at 100 euros
    assert "Alpha" in page
    assert "Optimal" in page


def test_no_page_of_a_run_shows_what_one_firm_pays_or_saves(town, runs):
    client = town.client("facilitator")
    pages = [text_of(client.get(f"/t/essai/runs/{runs[0]}"))]
    with town.store.reading() as session:
        folder = town.data / session.get_one(JobRow, runs[0]).folder
    for map_ in sorted((folder / "maps").glob("*.html")):
        shown = client.get(f"/t/essai/runs/{runs[0]}/maps/{map_.name}")
        assert "sandbox allow-scripts" in shown.headers["content-security-policy"]
        pages.append(text_of(shown))
    for page in pages:
        for secret in ("4 200", "4200", "2 800", "2800", "1 800", "1800", "1 200"):
            assert secret not in page


@pytest.mark.parametrize(
    "name", ["../summary.json", "..%2Fsummary.json", "flows.csv", "%2e%2e%2finputs%2fsites.csv"]
)
def test_nothing_but_the_pages_with_maps_is_given_out(town, runs, name):
    answer = town.client("facilitator").get(f"/t/essai/runs/{runs[0]}/maps/{name}")
    assert answer.status_code == 404


def test_runs_side_by_side_say_what_differs(town, runs):
    query = "&".join(f"run={job}" for job in runs)
    page = text_of(town.client("facilitator").get(f"/t/essai/compare?{query}"))
    assert "10 000" in page
    assert "3 000" in page  # without Alpha: 30 t at 100 euros
    assert "A-R1" in page
    assert "C-R1" not in page  # the same in both


@pytest.mark.parametrize("query", ["", "run=a", "run=a&run=b"])
def test_fewer_than_two_runs_are_not_compared(town, runs, query):
    answer = town.client("facilitator").get(f"/t/essai/compare?{query}")
    assert answer.status_code in (404, 422)


def test_one_run_is_shown_at_a_time_and_can_be_withdrawn(town, runs):
    client = town.client("facilitator")
    for job in runs:
        assert client.post(f"/t/essai/runs/{job}/publish").status_code == 303
    with town.store.reading() as session:
        rows = {row.job_id: row.withdrawn_at for row in session.query(PublicationRow)}
    assert rows[runs[0]] is not None
    assert rows[runs[1]] is None
    assert client.post(f"/t/essai/runs/{runs[1]}/withdraw").status_code == 303
    page = town.client("west").get("/t/essai/parks/ouest").text
    assert "Rien n" in page


def test_a_job_without_a_run_is_not_published(town):
    job_id = town.ask()
    client = town.client("facilitator")
    assert client.post(f"/t/essai/runs/{job_id}/publish").status_code == 409
    assert client.get(f"/t/essai/runs/{job_id}").status_code == 409
    assert client.post(f"/t/essai/jobs/{job_id}/cancel").status_code == 303
    assert client.post(f"/t/essai/jobs/{job_id}/cancel").status_code == 409
    page = text_of(client.get(f"/t/essai/jobs/{job_id}"))
    assert "annulé" in page


def test_the_interface_tells_a_job_and_its_plan(town, runs):
    client = town.client("facilitator")
    told = client.get(f"/api/v1/territories/essai/jobs/{runs[0]}").json()
    assert told["state"] == "done"
    assert told["run"]["totals"]["value_eur"] == pytest.approx(10_000)
    assert told["run"]["status"] == "optimal"
    listed = client.get("/api/v1/territories/essai/jobs").json()
    assert {*runs} <= {job["id"] for job in listed}


def test_a_job_counts_what_was_declared_by_the_end_of_its_day():
    # 19 November ends in France at 23:00 UTC in winter
    day = read_day(" 2025-11-19 ")
    assert end_of_day(day) == datetime(2025, 11, 19, 23, 0, tzinfo=UTC)
    assert read_day("") is None
    with pytest.raises(Unsound):
        read_day("19/11/2025")


def test_a_run_folder_lies_below_the_data_folder(town, runs):
    with town.store.reading() as session:
        folder = session.get_one(JobRow, runs[0]).folder
    assert Path(folder).parts[0] == "runs"
    assert ".." not in Path(folder).parts


def test_a_frame_shows_maps_by_a_ticket_that_works_for_its_bearer_alone(town, runs):
    client = town.client("facilitator")
    page = client.get(f"/t/essai/runs/{runs[0]}").text
    path = re.search(r"/maps/[^/\"]+/index\.html", page)[0]
    nobody = town.client()
    assert nobody.get(path).status_code == 200
    assert nobody.get(path.replace("index", "est")).status_code == 200
    assert nobody.get(path.replace("index.html", "flows.csv")).status_code == 404
    assert nobody.get(path[:8] + "x" + path[8:]).status_code == 404
    with town.store.changing() as session:
        session.get_one(AccountRow, town.accounts["facilitator"]).disabled_at = now()
    assert nobody.get(path).status_code == 404
    with town.store.changing() as session:
        session.get_one(AccountRow, town.accounts["facilitator"]).disabled_at = None
