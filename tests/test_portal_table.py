"""Every right at every address, by every kind of person: who may gets in, all others learn nothing.

Expected answers come from `support.portal.promises`, written by hand from what the portal promises.
"""

import re

import pytest
from support.archives import unpacked
from support.portal.doors import DOORS, Door
from support.portal.furnished import KINDS, NOTE, REASON, STATES, copied_town
from support.portal.promises import HAND, PERSONS_ALONE
from support.portal.routes import routes_of
from support.portal.town import Town

from eit.portal.rights import BY_PERSON_ONLY, RIGHTS, Place, permits
from eit.portal.viewer import view
from eit.store.models import AccountRow

KEYS = tuple(f"{kind} key" for kind in KINDS if kind != "administrator")
PEOPLE = ("nobody", *KINDS, *KEYS)

COSTS = {"61.73": "firm", "91.37": "firm", "92.46": "firm", "93.58": "firm delegate"}
"""Costs that somebody of Alpha declared, or a facilitator for it, and who may see each."""
OTHER_COSTS = {"43.19": "partner", "58.27": "other", "37.61": ""}
FIGURES = {
    "4401": "firm",  # what Alpha would gain
    "3079": "partner",
    "7480": "facilitator",
    "7481": "facilitator",
    "1975": "other",
    "1275": "",
    "3250": "facilitator",
    "102.7": "firm facilitator",  # restricted: Alpha's own, and the facilitators'
    "88.8": "firm facilitator",
}
WORDS = {
    "Alpha": "firm facilitator administrator agreed",
    "Beta": "partner manager facilitator administrator agreed",
    "Gamma": "other manager beside facilitator administrator",
    "Delta": "other manager beside facilitator administrator",
    "vivant.csv": "firm facilitator",
    "brouillon.csv": "firm facilitator",
    "mandat.csv": "firm facilitator",
    "plan commun": "facilitator manager beside",
    "plan en attente": "facilitator",
    NOTE: "facilitator",
    REASON: "facilitator firm partner",
    "second@example.org": "facilitator administrator",
    "spare@example.org": "facilitator administrator firm",
}
READERS: dict[str, set[str]] = {}
for right, readers in HAND.items():
    if right.endswith((" read", " list")):
        READERS.setdefault(right.partition(" ")[0], set()).update(readers.split())
READERS["notes"] = READERS["stages"]  # a note is sent with a stage, which firms may read
"""Who may know that things are there: to them alone a refusal says so."""


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Town:
    return copied_town(tmp_path_factory, "table")


@pytest.fixture(scope="module")
def clients(town):
    return {who: town.client(who) for who in PEOPLE}


def text_of(answer) -> str:
    """Whatever an answer says, unpacked, without the spaces within figures, commas as points."""
    content = answer.content
    if content[:2] == b"PK":
        content = b"\n".join(unpacked(content))
    text = content.decode("utf-8", "replace")
    return re.sub(r"(?<=\d)[\u202f\xa0 ](?=\d{3})", "", text)


def holds(text: str, figure: str) -> bool:
    """Whether a figure stands in a text; not as part of a longer one or of an identifier."""
    return bool(re.search(rf"(?<![\w.,]){re.escape(figure).replace('[.]', '.')}(?!\w)", text))


def leaks(town: Town, who: str, state: str, text: str) -> list[str]:
    """What a text says that somebody may not know."""
    kind = who.partition(" ")[0]
    mine = {kind} | ({"agreed"} if state == "agreed" and kind in ("firm", "partner") else set())
    mine |= {"delegate"} if state == "delegated" and kind == "facilitator" else set()
    plain = re.sub(r"(\d),(\d)", r"\1.\2", text)
    figures = {**COSTS, **OTHER_COSTS, **FIGURES}
    found = [
        one for one, seen in figures.items() if not mine & {*seen.split()} and holds(plain, one)
    ]
    return found + [
        word for word, seen in WORDS.items() if not mine & {*seen.split()} and word in text
    ]


def is_refused(answer, who: str, door: Door) -> bool:
    """Whether an answer sends somebody away, as it should."""
    if who == "nobody":
        if door.path.startswith("/api/"):
            return answer.status_code == 401
        if door.path.startswith(("/oidc/", "/maps/", "/invitation/")):
            return answer.status_code == 404
        return answer.status_code == 303 and "/sign-in" in answer.headers["location"]
    return answer.status_code in (403, 404)


def works(answer) -> bool:
    """Whether an answer lets somebody do what they asked for."""
    onward = answer.headers.get("location", "")
    return answer.status_code in (200, 201, 204, 303) and "/sign-in?next" not in onward


NUMBERED = [pytest.param(door, id=f"{n} {door.right or 'open'}") for n, door in enumerate(DOORS)]


def of_rights(*resources: str) -> list:
    """Doors of some resources."""
    return [one for one in NUMBERED if one.values[0].right.startswith(resources)]


def tried(door: Door, town: Town, clients, people, state: str) -> None:
    """Let everybody knock: those who may not first, and nothing changes by it."""
    town.reset(state)
    before = town.rows()
    for who in people:
        if not door.lets(who, state):
            sent_away(door, town, clients[who], who)
    assert town.rows() == before
    for who in people:
        if door.lets(who, state):
            let_in(door, town, who, state)


def sent_away(door: Door, town: Town, client, who: str) -> None:
    """Somebody who may not is sent away without a word about what there is."""
    answer = door.knock(town, client)
    if door.marked and works(answer):
        assert door.marked.format(**town.names) not in answer.text, who
        return
    assert is_refused(answer, who, door), (who, answer.status_code, answer.text[:300])
    if answer.status_code == 403:
        assert who.partition(" ")[0] in READERS[door.right.partition(" ")[0]], who
    if who != "nobody" or answer.status_code != 303:
        assert not leaks(town, "nobody", "plain", answer.text), who


def let_in(door: Door, town: Town, who: str, state: str) -> None:
    """Somebody who may gets what they asked for, and nothing that is not for them."""
    if door.method != "GET":
        town.reset(state)
    answer = door.knock(town, town.client(who))
    assert works(answer), (who, state, answer.status_code, answer.text[:600])
    if door.marked:
        assert door.marked.format(**town.names) in answer.text, who
    if door.right and door.method == "GET":
        told = leaks(town, who, state, text_of(answer))
        at_home = {"Alpha"} if door.right == "park_map read" else set()  # a dot in one's own park
        assert not set(told) - at_home, (who, state)


@pytest.mark.parametrize("door", NUMBERED)
def test_each_right_works_for_whom_it_is_and_tells_all_others_nothing(door, town, clients):
    by_key = ("firm key", "facilitator key", "manager key", "stranger key")
    people = ("nobody", *KINDS, *(by_key if door.path.startswith("/api/") else ()))
    tried(door, town, clients, people, "plain")


@pytest.mark.long
@pytest.mark.parametrize("door", NUMBERED)
def test_a_key_opens_what_its_membership_opens_and_no_more(door, town, clients):
    tried(door, town, clients, KEYS, "plain")


@pytest.mark.parametrize("door", of_rights("submissions", "lines", "template", "exports"))
def test_a_delegation_opens_a_desk_to_facilitators_and_to_nobody_else(door, town, clients):
    people = ("facilitator", "facilitator key", "partner", "manager", "administrator", "stranger")
    tried(door, town, clients, people, "delegated")


@pytest.mark.parametrize("door", of_rights("synergies", "answers", "stages", "notes"))
def test_once_two_firms_agree_they_alone_see_more(door, town, clients):
    people = ("firm", "partner", "firm key", "other", "manager", "administrator", "stranger")
    tried(door, town, clients, people, "agreed")


@pytest.mark.parametrize("state", STATES)
def test_names_are_read_by_facilitators_and_by_firms_that_agreed(town, state):
    names = {"firm": "Beta", "partner": "Alpha", "facilitator": "Beta"}
    for suffix in ("", " key"):
        for kind, name in names.items():
            town.reset(state)
            client = town.client(kind + suffix)
            one = f"/synergies/{town.names['synergy']}"
            for base in ("/t/essai", "/api/v1/territories/essai"):
                for address in (base + one, f"{base}/synergies"):
                    known = kind == "facilitator" or state == "agreed"
                    assert (name in client.get(address).text) == known, (kind, address)


@pytest.mark.parametrize("who", ["other", "stranger", "administrator"])
def test_what_is_hidden_looks_like_what_is_not_there(town, who):
    town.reset("plain")
    client = town.client(who)
    compared = 0
    for door in DOORS:
        if door.lets(who, "plain") or "{" not in door.path or "{ticket}" in door.path:
            continue
        hidden, invented = door.knock(town, client), door.knock(town, client, invented=True)
        if hidden.status_code == 404:
            compared += 1
            told = [(one.status_code, one.text, known(one)) for one in (hidden, invented)]
            assert told[0] == told[1], (door.method, door.path)
    assert compared > 50


def known(answer) -> dict[str, str]:
    """Headers that could tell one answer from another."""
    return {k: v for k, v in answer.headers.items() if k not in ("x-request-id", "date")}


def test_every_address_of_the_portal_is_tried(town):
    known = {(route.method, route.path) for route in routes_of(town.app)}
    assert {(door.method, door.path) for door in DOORS} == known


def test_every_right_is_tried_and_the_two_tables_name_the_same():
    rights = {f"{resource} {action}" for resource in RIGHTS for action in RIGHTS[resource]}
    assert set(HAND) == rights
    assert {door.right for door in DOORS} - {""} | {"names read"} == rights
    assert BY_PERSON_ONLY == PERSONS_ALONE


@pytest.mark.parametrize("right", sorted(HAND))
def test_the_table_of_rights_says_what_was_written_by_hand(town, right):
    town.reset("plain")
    resource, _, action = right.partition(" ")
    named = HAND[right].split()
    for kind, person in KINDS.items():
        with town.store.reading() as session:
            viewer = view(session.get_one(AccountRow, town.accounts[person]))
        for state in STATES:
            place = place_of(town, right, viewer, state)
            roles = {kind}
            roles |= {"delegate"} if (state, kind) == ("delegated", "facilitator") else set()
            roles |= {"agreed"} if state == "agreed" and kind in ("firm", "partner") else set()
            assert permits(viewer, action, resource, place) == bool(roles & {*named}), (kind, state)


def place_of(town: Town, right: str, viewer, state: str) -> Place:
    """Where the things of a right are, in the words of the table of rights."""
    resource, _, action = right.partition(" ")
    if resource in ("accounts", "territories"):
        return Place()
    if resource == "account":
        return Place(account_id=viewer.account_id)
    if resource == "tokens":
        return Place(account_id=town.accounts["alpha"])
    here = town.territory_id
    firms: tuple[str, ...] = (town.names["firm"],)
    if resource in ("synergies", "answers", "names", "stages", "notes"):
        firms += (town.names["partner firm"],)
        if action in ("list", "export"):
            firms = viewer.firm_ids(here)
    mine = {"account_id": viewer.account_id} if right == "publications read" else {}
    return Place(
        here,
        firms,
        "est",
        delegated=state == "delegated",
        agreed=state == "agreed",
        **mine,
    )
