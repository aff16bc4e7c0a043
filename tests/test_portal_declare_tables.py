"""What was declared becomes files that `eit check` finds sound; they say what the pages list."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.portal.desk import HEADER, MIXED, folder_of, two_firms
from support.portal.opened import FOLDER, open_portal

from eit.portal import territories
from eit.portal.declare.access import Desk
from eit.portal.declare.declared import declared_tables, run_id
from eit.portal.declare.drafts import declare
from eit.portal.declare.showing import live_rows
from eit.portal.declare.single import cancel
from eit.portal.declare.walking import State, Step, advance
from eit.store.columns import now
from eit.store.models import FirmRow
from eit.tables import read_table
from eit.territory import check_territory


@pytest.fixture
def firms(tmp_path):
    with open_portal(tmp_path / "data") as portal:
        yield two_firms(portal)


def tables(firms, as_of=None):
    with firms.store.reading() as session:
        return declared_tables(session, firms.territory.id, as_of or now())


def check(firms, folder, as_of=None):
    """The territory's folder with what was declared, checked."""
    files = {f"declarations/{name}": text.encode() for name, text in tables(firms, as_of)}
    return check_territory(folder_of(folder, {**FOLDER, **files}))


def send_as_beton(firms, text):
    number = firms.send(text, firm=firms.beton, actor=firms.actor("beton"))
    return declare(firms.store, number, firms.actor("beton"))


def test_the_folder_passes_the_check_and_its_live_declarations_are_those_that_the_pages_list(
    firms, tmp_path
):
    firms.declare(MIXED)
    firms.declare(
        HEADER + "R1;a2;residue;19 12 01;14;t;\nR9;a1;need;sand;1;t;\n", replaces_known=True
    )
    firms.declare("declaration_id;action\nR4;cancel\n")
    firms.declare(HEADER + "R4;a2;need;sand;7;t;\n")
    cancel(firms.store, firms.acme.id, "R9", firms.actor())
    send_as_beton(firms, HEADER + "R1;b1;need;19 12 01;5;t;\n")

    reading = check(firms, tmp_path / "t")
    assert reading.faults == ()
    with firms.store.reading() as session:
        listed = {
            run_id(firm.slug, one.declaration_id, []): one.cells["quantity"]
            for firm in (firms.acme, firms.beton)
            for one in live_rows(session, Desk(firms.viewer(), firms.territory, firm, False))
        }
    found = reading.territory.declarations["declared_quantity"]
    assert listed == {"acme-R1": "14", "acme-R4": "7", "beton-fictif-R1": "5"}
    assert {name: f"{value:g}" for name, value in found.items()} == listed


def test_what_was_declared_later_does_not_count_earlier(firms, tmp_path):
    firms.declare(HEADER + "R1;a1;need;sand;1;t;\n")
    before = now()
    firms.declare(HEADER + "R2;a1;need;sand;1;t;\n")
    cancel(firms.store, firms.acme.id, "R1", firms.actor())

    reading = check(firms, tmp_path / "then", before)
    assert list(reading.territory.declarations.index) == ["acme-R1"]
    assert list(check(firms, tmp_path / "now").territory.declarations.index) == ["acme-R2"]
    assert tables(firms, before - timedelta(days=1)) == []


def test_drafts_and_what_was_taken_back_do_not_count(firms):
    firms.send(MIXED)
    assert tables(firms) == []


def test_each_declared_submission_is_one_file_named_by_firm_and_moment(firms):
    firms.declare(HEADER + "R1;a1;need;sand;1;t;\n")
    firms.declare(HEADER + "R2;a1;need;sand;1;t;\n")

    names = [name for name, _ in tables(firms)]
    assert len(names) == 2
    assert names == sorted(names)
    assert all(name.startswith("acme-20") and name.endswith(".csv") for name in names)


def test_formulas_and_scripts_are_written_guarded(firms):
    titles = "declaration_id;site_id;kind;resource;quantity;label\n"
    firms.declare(titles + "=R1;a1;need;sand;1;=cmd|'/c calc'!A1\n")

    [(_, written)] = tables(firms)
    assert ";'=cmd|" in written
    assert "acme-=R1" in written


def test_a_site_given_by_its_siret_is_written_by_its_identifier(firms):
    siret = "35600000049837"  # the example of the SIRET's own documentation, of La Poste
    sites = FOLDER["sites.csv"].decode().replace("site_id,", "siret,site_id,")
    rows = sites.splitlines()
    content = "\n".join([rows[0], f"{siret},{rows[1]}", *(f",{row}" for row in rows[2:])])
    with firms.store.changing() as session:
        territories.put_file(session, None, firms.territory.id, "sites.csv", content.encode())
    firms.declare("declaration_id;siret;kind;resource;quantity\nR1;356 000 000 49837;need;sand;1\n")

    [(_, written)] = tables(firms)
    assert read_table(written.encode(), "declarations").rows["site_id"].tolist() == ["a1"]


def test_an_erased_firm_declares_nothing_any_more(firms):
    firms.declare(HEADER + "R1;a1;need;sand;1;t;\n")
    with firms.store.changing() as session:
        session.get_one(FirmRow, firms.acme.id).erased_at = now()
    assert tables(firms) == []


NAMES = st.text("ab-", min_size=1, max_size=6)
SLUGS = st.sets(st.from_regex(r"[ab]+(-[ab]+)?", fullmatch=True), min_size=2, max_size=4)


@given(SLUGS, st.lists(NAMES, min_size=1, max_size=5, unique=True))
def test_no_two_declarations_of_any_firms_share_an_identifier_in_a_run(slugs, names):
    found = [run_id(slug, name, slugs) for slug in sorted(slugs) for name in names]
    assert len(set(found)) == len(found)


ACTIONS = st.sampled_from(["create", "replace", "cancel"])
MOMENTS = st.sampled_from(["", "2026-01-01T00:00:00", "2026-02-01T00:00:00", "9999-12-30T00:00:00"])


@given(
    st.lists(st.tuples(ACTIONS, MOMENTS), max_size=6),
    st.lists(st.tuples(ACTIONS, MOMENTS), max_size=6),
)
def test_what_comes_later_counts_later_whatever_date_it_states(first, second):
    states: dict[str, State] = {}
    steps = [
        advance(
            [Step(sent, line, "R", action, stated) for line, (action, stated) in enumerate(rows)],
            states,
            moment=moment,
            replaces_known=False,
        )
        for sent, rows, moment in (("s1", first, "2026-03-01"), ("s2", second, "2026-03-02"))
    ]
    for earlier in steps[0]:
        for later in steps[1]:
            assert earlier.moment < later.moment
