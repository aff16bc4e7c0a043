from eit.atlas.sentences import reworded
from eit.texts import say

NAMES = {"a-r1": "Alpha & fils", "tri": "Centre de tri", "H": "h"}


def told(cause, lang, page, **values):
    detail = say(f"reason.{cause}.detail", lang, **values)
    change = say(f"reason.{cause}.change", lang, **values)
    return reworded(detail, change, page, names=NAMES, hubs={"tri"})


def test_a_partner_is_told_by_its_name_with_its_id_behind():
    detail, _ = told("too_far", "fr", "fr", partner="a-r1", distance="61,5", limit="50")
    assert detail.startswith(
        "Le partenaire possible le plus proche, Alpha & fils (a-r1), est à 61,5"
    )
    detail, _ = told("competition_need", "en", "en", partner="H")
    assert detail.startswith("h, and any other partner")


def test_a_reason_written_in_one_language_is_told_in_the_other():
    detail, change = told("too_far", "fr", "en", partner="a-r1", distance="61", limit="50")
    assert detail == (
        "The nearest possible partner, Alpha & fils (a-r1), is 61 km away; the limit is 50 km."
    )
    assert change == "A longest distance of 61 km, or a partner nearer by."


def test_beside_a_treatment_site_no_firm_s_own_costs_are_told():
    values = {"unit": "t", "missing": "12,5", "measure": "€"}
    detail, change = told("not_worth", "fr", "fr", partner="tri", **values)
    assert "Centre de tri" in detail
    assert "12,5" not in detail + change
    detail, change = told("not_worth", "fr", "fr", partner="a-r1", **values)
    assert "Alpha & fils (a-r1)" in detail
    assert "12,5" in detail + change  # what the pair lacks together may be told


def test_a_sentence_of_another_hand_or_an_unknown_id_stays_as_it_is():
    assert reworded("x", "y", "fr", names=NAMES, hubs=()) == ("x", "y")
    strange = say("reason.forbidden.detail", "fr", partner="nobody")
    assert reworded(strange, "y", "fr", names=NAMES, hubs=()) == (strange, "y")
    assert reworded("a-r1 {partner}", "{x}", "en", names=NAMES, hubs=()) == (
        "a-r1 {partner}",
        "{x}",
    )
