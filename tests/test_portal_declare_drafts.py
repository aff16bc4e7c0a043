"""Drafts are corrected, declared, taken back; nothing is overwritten, nothing is declared twice."""

import io
import zipfile

import pytest
from sqlalchemy import select
from sqlalchemy.orm import undefer
from support.portal.desk import HEADER, MIXED, two_firms
from support.portal.opened import open_portal

from eit.portal.declare.access import Desk
from eit.portal.declare.checking import check_submission
from eit.portal.declare.drafts import correct, declare, withdraw
from eit.portal.declare.giving import corrected, everything, free_identifier, template
from eit.portal.declare.showing import faults_of, find_live, history, live_rows
from eit.portal.declare.single import cancel, send_form
from eit.portal.refusals import Hidden, Impossible
from eit.store.models import SiteRow, SubmissionRow
from eit.tables import read_table


@pytest.fixture
def firms(tmp_path):
    with open_portal(tmp_path) as portal:
        yield two_firms(portal)


def mend(firms, submission_id, changes, **options):
    receipt = correct(firms.store, submission_id, changes, firms.actor(), **options)
    check_submission(firms.store, receipt.submission_id)
    return receipt.submission_id


def desk(firms, person="acme"):
    return Desk(firms.viewer(person), firms.territory, firms.acme, False)


def content_of(firms, submission_id):
    with firms.store.reading() as session:
        options = [undefer(SubmissionRow.content)]
        return session.get_one(SubmissionRow, submission_id, options=options).content


def test_a_correction_is_a_new_submission_and_the_old_one_stays_as_it_was(firms):
    old = firms.send(MIXED)
    new = mend(firms, old, {3: {"quantity": "3"}, 4: None})

    assert (firms.row(old).state, firms.row(new).state) == ("replaced", "draft")
    assert (firms.row(new).kind, firms.row(new).corrects_id) == ("correction", old)
    assert content_of(firms, old) == MIXED.encode()
    assert firms.lines(old)[3].cells["quantity"] == "-3"
    assert firms.codes(old)[3] == ["positive"]
    assert firms.codes(new) == {2: [], 3: [], 5: []}


def test_declaring_takes_the_sound_lines_and_leaves_the_others_as_a_draft(firms):
    outcome = declare(firms.store, firms.send(MIXED), firms.actor())

    assert (outcome.declared, outcome.left) == (2, 2)
    assert firms.live() == ["R1", "R4"]
    assert firms.row(outcome.rest_id).state == "draft"
    assert firms.codes(outcome.rest_id) == {3: ["positive"], 4: ["blank", "site_missing"]}
    mended = mend(firms, outcome.rest_id, {3: {"quantity": "3"}, 4: None})
    declare(firms.store, mended, firms.actor())
    assert firms.live() == ["R1", "R2", "R4"]


def test_a_line_that_hangs_on_a_faulty_one_waits_with_it(firms):
    text = (
        "declaration_id;action;site_id;kind;resource;quantity\n"
        "A;create;a1;need;sand;-1\nA;replace;a1;need;sand;2\nB;create;a1;need;sand;3\n"
    )
    outcome = firms.declare(text)

    assert firms.live() == ["B"]
    assert (outcome.declared, outcome.left) == (1, 2)
    mended = mend(firms, outcome.rest_id, {2: {"quantity": "1"}})
    declare(firms.store, mended, firms.actor())
    assert firms.live() == ["A", "B"]


def test_of_two_drafts_that_create_the_same_only_the_first_declared_counts(firms):
    text = HEADER + "R1;a1;need;sand;{};t;\n"
    first, second = firms.send(text.format(1)), firms.send(text.format(2))
    declare(firms.store, first, firms.actor())

    with pytest.raises(Impossible, match="declare_nothing_sound"):
        declare(firms.store, second, firms.actor())
    assert firms.row(second).state == "draft"


def test_lines_of_known_identifiers_replace_them_where_that_is_asked_for(firms):
    firms.declare(HEADER + "R1;a1;need;sand;1;t;\n")
    draft = firms.send(HEADER + "R1;a1;need;sand;2;t;\nR2;a1;need;sand;3;t;\n")
    assert firms.codes(draft) == {2: ["create_live"], 3: []}

    again = mend(firms, draft, {}, replaces_known=True)
    declare(firms.store, again, firms.actor())
    with firms.store.reading() as session:
        assert find_live(session, desk(firms), "R1").cells["quantity"] == "2"


def test_a_draft_that_was_taken_back_is_never_declared_and_stays_readable(firms):
    draft = firms.send(MIXED)
    withdraw(firms.store, draft, firms.actor())

    with pytest.raises(Impossible, match="declare_no_draft"):
        declare(firms.store, draft, firms.actor())
    with pytest.raises(Impossible, match="declare_no_draft"):
        correct(firms.store, draft, {3: {"quantity": "1"}}, firms.actor())
    assert content_of(firms, draft) == MIXED.encode()


def test_what_was_declared_cannot_be_corrected_in_place(firms):
    draft = firms.send(HEADER + "R1;a1;need;sand;1;t;\n")
    declare(firms.store, draft, firms.actor())

    with pytest.raises(Impossible, match="declare_no_draft"):
        correct(firms.store, draft, {2: {"quantity": "9"}}, firms.actor())


def test_a_line_that_is_not_there_is_hidden(firms):
    with pytest.raises(Hidden):
        correct(firms.store, firms.send(MIXED), {99: None}, firms.actor())


def test_a_corrected_file_takes_the_place_of_its_draft(firms):
    draft = firms.send(MIXED)
    whole = MIXED.replace("-3", "3").replace("R3;;need;;", "R3;a2;need;sand;")
    new = firms.send(whole, corrects_id=draft, kind="correction")

    assert firms.row(draft).state == "replaced"
    assert firms.codes(new) == {2: [], 3: [], 4: [], 5: []}


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_file_given_back_with_its_faults_can_be_sent_again_as_it_is(firms, ending):
    draft = firms.send(MIXED)
    with firms.store.reading() as session:
        faults = faults_of(session, desk(firms), firms.row(draft))
    given = corrected(MIXED.encode(), "flux.csv", faults, ending=ending, lang="fr")
    again = firms.send(given, f"flux.{ending}", corrects_id=draft, kind="correction")

    assert firms.codes(again) == firms.codes(draft)
    if ending == "csv":
        assert "n'est pas un nombre supérieur à 0" in given.decode("utf-8-sig")


def test_a_form_is_a_table_of_one_row_in_which_a_comma_is_decimal(firms):
    cells = {"declaration_id": "F1", "site_id": "a1", "kind": "need", "resource": "sand"}
    sent = send_form(firms.store, firms.acme.id, {**cells, "quantity": "12,5"}, firms.actor())
    declare(firms.store, sent.submission_id, firms.actor())

    with firms.store.reading() as session:
        live = find_live(session, desk(firms), "F1")
        assert free_identifier(session, firms.acme.id) == "F2"
    assert live.cells["quantity"] == "12,5"
    assert firms.row(sent.submission_id).kind == "form"


def test_a_cancelled_declaration_is_gone_and_can_be_declared_anew(firms):
    text = HEADER + "R1;a1;need;sand;1;t;\n"
    firms.declare(text)
    cancel(firms.store, firms.acme.id, "R1", firms.actor())
    assert firms.live() == []
    with pytest.raises(Impossible, match="declare_not_live"):
        cancel(firms.store, firms.acme.id, "R1", firms.actor())
    with pytest.raises(Hidden):
        cancel(firms.store, firms.acme.id, "R9", firms.actor())

    firms.declare(text, again=True)
    assert firms.live() == ["R1"]


def test_an_older_date_in_the_file_does_not_undo_what_was_declared_since(firms):
    text = "declaration_id;action;declared_at;site_id;kind;resource;quantity\n"
    firms.declare(text + "R1;create;2099-01-01;a1;need;sand;1\n")
    firms.declare(text + "R1;replace;2001-01-01;a1;need;sand;2\n")
    firms.declare(text + "R1;replace;;a1;need;sand;3\n")

    with firms.store.reading() as session:
        assert find_live(session, desk(firms), "R1").cells["quantity"] == "3"


def test_a_rule_that_changed_since_the_check_is_judged_by_when_declaring(firms):
    draft = firms.send(HEADER + "R1;a1;need;sand;1;t;\nR2;a2;need;sand;1;t;\n")
    with firms.store.changing() as session:
        mine = select(SiteRow).where(SiteRow.firm_id == firms.acme.id, SiteRow.site_id == "a2")
        session.delete(session.scalars(mine).one())

    outcome = declare(firms.store, draft, firms.actor())
    assert (outcome.declared, outcome.left) == (1, 1)
    assert firms.codes(draft) == {2: [], 3: ["site"]}


def test_history_tells_every_version_who_and_when(firms):
    firms.declare(HEADER + "R1;a1;need;sand;1;t;\n")
    mend(firms, firms.send(HEADER + "R1;a1;need;sand;x;t;\n"), {2: {"quantity": "4"}})
    cancel(firms.store, firms.acme.id, "R1", firms.actor())

    with firms.store.reading() as session:
        versions = history(session, desk(firms), "R1")
    told = [(one.submission.state, one.line.cells.get("quantity")) for one in versions]
    assert told == [("declared", None), ("draft", "4"), ("replaced", "x"), ("declared", "1")]
    assert {one.submission.account_id for one in versions} == {firms.people["acme"]}


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_the_template_with_live_declarations_replaces_them_when_it_is_sent_back(firms, ending):
    firms.declare(HEADER + "R1;a1;residue;19 12 01;1234,5;t;-12,5\nR2;a2;need;sand;3;t;\n")
    with firms.store.reading() as session:
        given = template(session, desk(firms), ending=ending, filled=True, lang="fr")
    table = read_table(given, "declarations")
    assert table.rows["quantity"].tolist() == [1234.5, 3.0]
    assert table.rows["action"].tolist() == ["replace", "replace"]

    outcome = firms.declare(given, name=f"retour.{ending}")
    assert (outcome.declared, outcome.left) == (2, 0)
    assert firms.live() == ["R1", "R2"]


def test_the_template_names_the_firms_own_sites_and_no_others(firms):
    with firms.store.reading() as session:
        given = template(session, desk(firms), ending="csv", filled=False, lang="fr")
    text = given.decode("utf-8-sig")

    assert text.startswith("id_declaration;")
    assert read_table(given, "declarations").rows["site_id"].tolist() == ["a1", "a2"]
    assert "b1" not in text


def test_everything_ever_sent_comes_back_as_it_was_with_a_table_of_all_versions(firms):
    draft = firms.send(MIXED, name="../../flux.csv")
    new = mend(firms, draft, {3: {"quantity": "3"}})
    declare(firms.store, new, firms.actor())

    with firms.store.reading() as session:
        archive = everything(session, desk(firms), "fr")
    with archive, zipfile.ZipFile(io.BytesIO(archive.read())) as parts:
        names = parts.namelist()
        assert all(name.startswith("files/") and ".." not in name for name in names[:-1])
        assert MIXED.encode() in [parts.read(name) for name in names]
        versions = parts.read("versions.csv").decode("utf-8-sig").splitlines()
    assert len(names) == 4  # the file, its correction, what is left of it, the table
    assert len(versions) == 1 + 4 + 4 + 1


def test_rows_declared_are_those_listed(firms):
    firms.declare(MIXED)
    with firms.store.reading() as session:
        listed = live_rows(session, desk(firms))
    assert [one.declaration_id for one in listed] == firms.live() == ["R1", "R4"]
