"""A firm's pages: what it sends is shown with its faults, mended there, and declared."""

import html
import re

import pytest
from support.portal.desk import HEADER, MIXED

from eit.store.models import AccountRow


def there(answer) -> str:
    """Where an answer leads, without what it says was done."""
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


def upload(client, firms, text, name="flux.csv", **fields):
    return client.post(
        f"{firms.base}/declarations", files={"file": (name, text.encode())}, data=fields
    )


def read(client, address) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return html.unescape(answer.text)


def test_a_file_with_faults_is_mended_on_its_page_and_declared(firms, acme):
    sent = there(upload(acme, firms, MIXED.replace("R", "P")))
    page = read(acme, sent)
    assert "2 lignes sont prêtes." in page
    assert "2 lignes sont à corriger." in page
    assert "« -3 » n'est pas un nombre supérieur à 0." in page
    assert "<mark>-3</mark>" in page

    cells = {
        "cell-3-quantity": "3",
        "cell-4-site_id": "a2",
        "cell-4-resource": "sand",
    }
    mended = there(acme.post(f"{sent}/correct", data=cells))
    assert "4 lignes sont prêtes." in read(acme, mended)
    assert "Une correction a pris sa place." in read(acme, sent)
    home = there(acme.post(f"{mended}/declare"))
    page = read(acme, home)
    assert all(name in page for name in ("P1", "P2", "P3", "P4"))
    assert "45 € / t" in page


def test_cells_left_as_they_were_change_nothing(firms, acme):
    sent = there(upload(acme, firms, MIXED.replace("R", "Q")))

    assert there(acme.post(f"{sent}/correct", data={"cell-3-quantity": "-3"})) == sent


def test_a_line_is_taken_out_on_the_page(firms, acme):
    sent = there(upload(acme, firms, MIXED.replace("R", "T")))
    mended = there(acme.post(f"{sent}/correct", data={"drop-3": "yes", "drop-4": "yes"}))

    assert firms.row(mended.rpartition("/")[2]).total_rows == 2


def test_the_same_file_again_leads_to_the_first_one_and_says_so(firms, acme):
    first = upload(acme, firms, MIXED.replace("R", "S"))
    second = upload(acme, firms, MIXED.replace("R", "S"))

    assert there(first) == there(second)
    assert "Rien n'a été doublé" in read(acme, second.headers["location"])


def test_no_file_and_a_bomb_are_told_on_the_page_they_were_sent_from(firms, acme):
    empty = acme.post(f"{firms.base}/declarations", data={"x": "y"})
    wide = upload(acme, firms, "declaration_id" + ";x" * 3_000)

    assert (empty.status_code, wide.status_code) == (422, 422)
    assert "Choisissez d'abord un fichier" in html.unescape(empty.text)
    assert "des milliers de cellules" in html.unescape(wide.text)


def test_a_form_with_a_mistake_comes_back_with_what_is_wrong_and_is_kept(firms, acme):
    form = {"kind": "residue", "resource": "bois", "quantity": "12,5", "unit": "t", "per": "year"}
    form |= {"site_id": "a1", "declaration_id": "FORM-1", "label": "Chutes", "then": "declare"}
    line = there(acme.post(f"{firms.base}/declarations/new", data=form))
    page = read(acme, line)
    assert "n'est pas un code déchet ni une ressource connus" in page
    assert 'value="Chutes"' in page
    assert 'name="chosen"' in page, "resources that the word may mean are offered at once"

    home = there(acme.post(line, data={**form, "chosen": "03 01 05"}))
    assert home == f"{firms.base}/declarations"
    assert "FORM-1" in read(acme, home)


def test_a_resource_is_found_by_its_name_without_a_script(firms, acme):
    answer = acme.post(
        f"{firms.base}/declarations/new",
        data={"then": "find", "words": "emballages papier", "quantity": "7", "kind": "need"},
    )

    assert answer.status_code == 200
    assert 'value="15 01 01"' in answer.text
    assert 'value="7"' in answer.text, "what was typed stays"


def test_a_resource_may_be_typed_by_its_whole_name(firms, acme):
    form = {"kind": "need", "resource": "Sable", "quantity": "3", "site_id": "a1"}
    form |= {"declaration_id": "NOM-1", "then": "declare"}
    there(acme.post(f"{firms.base}/declarations/new", data=form))

    assert "NOM-1" in firms.live()


def test_a_live_declaration_is_replaced_by_its_form_and_cancelled(firms, acme):
    firms.declare(HEADER + "V1;a1;need;sand;5;t;\n")
    form = read(acme, f"{firms.base}/declarations/new?id=V1")
    assert 'name="action" value="replace"' in form
    assert 'value="5"' in form

    new = {"action": "replace", "declaration_id": "V1", "kind": "need", "resource": "sand"}
    new |= {"quantity": "6", "site_id": "a1", "then": "declare"}
    there(acme.post(f"{firms.base}/declarations/new", data=new))
    history = read(acme, f"{firms.base}/declarations/history?id=V1")
    assert re.search(r"<dd>6</dd>.*<dd>5</dd>", history, re.DOTALL)

    assert "Annuler la déclaration V1" in read(acme, f"{firms.base}/declarations/cancel?id=V1")
    there(acme.post(f"{firms.base}/declarations/cancel", data={"id": "V1"}))
    assert "V1" not in firms.live()
    assert acme.get(f"{firms.base}/declarations/cancel?id=V1").status_code == 404


def test_pages_speak_the_language_of_the_account(firms):
    with firms.store.changing() as session:
        session.get_one(AccountRow, firms.people["beton"]).lang = "en"
    client = firms.client("beton")
    base = f"/t/{firms.territory.slug}/firms/{firms.beton.id}"
    answer = client.post(
        f"{base}/declarations", files={"file": ("f.csv", MIXED.replace("a1", "b1").encode())}
    )
    page = read(client, answer.headers["location"])

    assert "“-3” is not a number above 0." in page
    assert "prêtes" not in page


def test_identifiers_may_hold_any_sign(firms, acme):
    odd = 'A/B?c=1&d "x" <b>é'
    firms.declare(
        "declaration_id\tsite_id\tkind\tresource\tquantity\n" + f"{odd}\ta1\tneed\tsand\t1\n"
    )

    page = acme.get(f"{firms.base}/declarations?q=A/B").text
    link = html.unescape(re.search(r'href="([^"]*history\?id=[^"]*)"', page)[1])
    assert html.escape(odd, quote=False) in acme.get(link).text.replace("&#34;", '"')


def test_a_hundred_lines_a_page_faulty_ones_first(firms, acme):
    rows = "".join(f"L{n};a1;need;sand;{n % 150};t;\n" for n in range(1, 202))
    sent = there(upload(acme, firms, HEADER + rows))
    first, last = read(acme, sent), read(acme, f"{sent}?page=99")

    assert first.count('<tr id="line-') == 100
    assert first.index('id="line-151"') < first.index('id="line-2"')
    assert last.count('<tr id="line-') == 1
    assert read(acme, f"{sent}?show=faulty").count('<tr id="line-') == 1


def test_delegation_is_given_and_taken_back_by_the_firm_alone(firms, acme):
    address = f"{firms.base}/declarations/delegation"
    facilitator = firms.client("facilitator")
    assert facilitator.post(address, data={"granted": "yes"}).status_code == 403
    assert upload(facilitator, firms, MIXED).status_code == 403

    there(acme.post(address, data={"granted": "yes"}))
    sent = there(upload(facilitator, firms, MIXED.replace("R", "DEL")))
    assert "Fanny, animateur, par délégation" in read(acme, sent)
    there(facilitator.post(f"{sent}/declare"))
    there(acme.post(address, data={"granted": "no"}))
    assert upload(facilitator, firms, MIXED).status_code == 403
    assert "DEL1" in firms.live()


def test_costs_of_the_firm_are_in_no_page_of_a_facilitator(firms, acme):
    cost = "98765,43"
    text = (
        HEADER
        + f"C1;a1;need;sand;1;t;{cost}\nC2;a1;need;sand;1;t;x{cost}\nC3;a1;need;sand;1;t;1;{cost}\n"
    )
    sent = there(upload(acme, firms, text))
    there(acme.post(f"{firms.base}/declarations/delegation", data={"granted": "yes"}))
    rest = there(acme.post(f"{sent}/declare"))
    facilitator = firms.client("facilitator")
    pages = [
        sent,
        rest,
        *(
            f"{firms.base}/{end}"
            for end in (
                "declarations",
                "submissions",
                "declarations/history?id=C1",
                "declarations/history?id=C3",
                "declarations/new?id=C1",
                "declarations/cancel?id=C1",
                "declarations/template.csv?filled=yes",
            )
        ),
    ]

    for address in pages:
        answer = facilitator.get(address)
        assert answer.status_code == 200, address
        assert "98765" not in answer.text, address
    for end in ("original", "corrected.csv", "rows/3"):
        assert facilitator.get(f"{rest}/{end}").status_code == 403
        assert acme.get(f"{rest}/{end}").status_code == 200
    assert facilitator.post(f"{rest}/correct", data={"drop-3": "yes"}).status_code == 403
    assert facilitator.get(f"{firms.base}/declarations/export.zip").status_code == 404
    assert "98765" in acme.get(sent).text


def test_a_facilitator_sees_the_costs_that_were_declared_in_the_firms_name_while_delegated(
    firms, acme
):
    there(acme.post(f"{firms.base}/declarations/delegation", data={"granted": "yes"}))
    facilitator = firms.client("facilitator")
    sent = there(upload(facilitator, firms, HEADER + "CD;a1;need;sand;1;t;4321\n"))
    assert "4321" in facilitator.get(sent).text

    there(acme.post(f"{firms.base}/declarations/delegation", data={"granted": "no"}))
    assert "4321" not in facilitator.get(sent).text
    assert "4321" in acme.get(sent).text


@pytest.mark.parametrize("person", ["beton", "manager", "administrator"])
def test_nobody_else_learns_that_there_is_anything(firms, acme, person):
    sent = there(upload(acme, firms, HEADER + "H1;a1;need;sand;1;t;\n", again="yes"))
    client = firms.client(person)
    gets = [sent, f"{sent}/original", f"{sent}/progress", f"{sent}/corrected.csv", f"{sent}/rows/2"]
    gets += [
        f"{firms.base}/{end}"
        for end in (
            "declarations",
            "submissions",
            "declarations/new",
            "declarations/export.zip",
            "declarations/template.csv",
            "declarations/history?id=H1",
        )
    ]
    posts = [f"{sent}/{end}" for end in ("declare", "withdraw", "correct", "rows/2")]
    posts += [f"{firms.base}/declarations/{end}" for end in ("new", "delegation")]

    assert {address: client.get(address).status_code for address in gets} == dict.fromkeys(
        gets, 404
    )
    assert {address: client.post(address).status_code for address in posts} == dict.fromkeys(
        posts, 404
    )
    assert upload(client, firms, MIXED).status_code == 404


def test_a_submission_of_another_firm_is_not_found_at_ones_own_desk(firms, acme):
    sent = there(upload(acme, firms, HEADER + "O1;a1;need;sand;1;t;\n"))
    number = sent.rpartition("/")[2]
    mine = f"/t/{firms.territory.slug}/firms/{firms.beton.id}"
    client = firms.client("beton")

    for end in ("", "/original", "/rows/2", "/progress"):
        assert client.get(f"{mine}/submissions/{number}{end}").status_code == 404
    for end in ("declare", "withdraw", "correct"):
        assert client.post(f"{mine}/submissions/{number}/{end}").status_code == 404
    corrects = client.post(
        f"{mine}/declarations", files={"file": ("f.csv", b"x;y")}, data={"corrects": number}
    )
    assert corrects.status_code == 404
    assert firms.row(number).state == "draft"


def test_a_post_from_another_site_is_not_carried_out(firms, acme):
    sent = there(upload(acme, firms, HEADER + "X1;a1;need;sand;1;t;\n"))
    foreign = {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}

    assert acme.post(f"{sent}/declare", headers=foreign).status_code == 403
    assert firms.row(sent.rpartition("/")[2]).state == "draft"
