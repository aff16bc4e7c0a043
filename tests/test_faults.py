import csv
import json
import pickle
import re
import string
from pathlib import Path

import pytest

from eit import data, texts
from eit.faults import DeclarationError, Fault, Notice, in_order, lines

QUANTITY = Fault("acme.csv", 14, "quantity", "-3", "positive")
RESOURCE = Fault("acme.csv", 15, "resource", "17 01 1", "resource", {"nearest": "17 01 01"})


def intake_messages() -> list[dict[str, str]]:
    with data.path("messages", "intake.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_a_fault_says_where_what_and_how_to_mend_it_in_both_languages():
    english, french = QUANTITY.text("en"), QUANTITY.text("fr")

    assert english.startswith("line 14, quantity: '-3' is not a number above 0; give ")
    assert french.startswith("ligne 14, quantity : « -3 » n'est pas un nombre supérieur à 0 ; ")


def test_the_json_form_has_the_keys_of_the_contract_and_survives_json():
    told = RESOURCE.as_dict("en")

    assert list(told) == ["file", "line", "column", "value", "wanted", "mend", "code"]
    assert json.loads(json.dumps(told)) == told
    assert "17 01 01" in told["mend"]


def test_a_blank_cell_is_not_quoted():
    assert Fault("a.csv", 2, "kind", "", "blank").text("en").startswith("line 2, kind: wanted ")


def test_a_fault_of_the_whole_file_names_no_line():
    assert Fault("a.csv", 0, "", "", "empty").text("en").startswith("file: wanted a table; ")


def test_a_long_cell_is_cut_in_the_sentence_and_whole_in_json():
    long = Fault("a.csv", 2, "quantity", "9 " * 100, "number")

    assert len(long.text("en")) < 250
    assert long.as_dict("en")["value"] == "9 " * 100


def test_braces_in_a_cell_are_only_text():
    assert "{line}" in Fault("a.csv", 2, "quantity", "{line} {", "number").text("en")


def test_printed_lines_are_grouped_by_file_under_their_number():
    other = Fault("zeta.csv", 2, "quantity", "x", "number")

    printed = lines(in_order([other, RESOURCE, QUANTITY]), "en")

    assert printed[0] == "acme.csv: 2 faults"
    assert printed[1].startswith("line 14")
    assert printed[2].startswith("line 15")
    assert printed[3] == "zeta.csv: 1 fault"


def test_the_error_holds_every_fault_in_order_and_can_be_sent_to_another_process():
    error = DeclarationError([RESOURCE, QUANTITY], [Notice("acme.csv", 0, "", "", "encoding")])

    again = pickle.loads(pickle.dumps(error))

    assert error.faults == (QUANTITY, RESOURCE)
    assert again.faults == error.faults
    assert str(error).splitlines()[0] == "acme.csv: 2 faults"


def test_every_sentence_exists_in_both_languages_and_names_the_same_things():
    for row in intake_messages():
        assert row["en"].strip(), row["key"]
        assert row["fr"].strip(), row["key"]
        by_language = {
            f"{word}_{lang}" for word in ("choices", "nearest", "kind") for lang in ("en", "fr")
        }
        assert fields(row["en"]) - by_language == fields(row["fr"]) - by_language, row["key"]


def test_every_fault_code_has_what_is_wanted_and_a_mend_of_its_own():
    keys = {row["key"]: row["en"] for row in intake_messages()}
    codes = {key.split(".")[1] for key in keys if key.startswith("fault.")}

    for code in codes:
        assert {f"fault.{code}.wanted", f"fault.{code}.mend"} <= keys.keys()
    mends = [keys[f"fault.{code}.mend"] for code in codes]
    assert len(set(mends)) == len(mends)


def test_every_code_that_the_readers_raise_has_its_sentence():
    keys = texts.catalogue("en")
    root = Path(data.__file__).parent
    source = "\n".join(
        file.read_text(encoding="utf-8")
        for room in ("tables", "declarations")
        for file in sorted((root / room).glob("*.py"))
    )

    faults = set(re.findall(r'fault="(\w+)"', source)) - {""}
    notices = set(re.findall(r'notice="(\w+)"', source)) - {""}

    assert len(faults) > 20
    assert {code for code in faults if f"fault.{code}.mend" not in keys} == set()
    assert {code for code in notices if f"notice.{code}" not in keys} == set()


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_a_notice_says_where_and_what(lang):
    notice = Notice("a.csv", 3, "resource", "10408", "code_padded", {"read": "01 04 08"})

    assert "01 04 08" in notice.text(lang)
    assert notice.as_dict(lang)["code"] == "code_padded"
