"""The table of rights itself: what it says of each role, and what nobody gets from it."""

from dataclasses import replace

import pytest

from eit.portal.refusals import Hidden, Refused
from eit.portal.rights import FIELDS, RIGHTS, ROLES, SCOPES, allow, fields
from eit.portal.viewer import Membership, Viewer


def viewer(role: str, *, firm_id: str | None = None, park_id: str | None = None) -> Viewer:
    if role == "administrator":
        return Viewer("me", "Moi", "me@x.example", "fr", is_administrator=True)
    member = Membership("m", "here", role, firm_id, park_id)
    return Viewer("me", "Moi", "me@x.example", "fr", memberships=(member,))


VIEWERS = {
    "firm": viewer("firm", firm_id="acme"),
    "manager": viewer("manager", park_id="nord"),
    "facilitator": viewer("facilitator"),
    "administrator": viewer("administrator"),
}


def test_the_table_names_known_roles_and_scopes_only():
    for actions in RIGHTS.values():
        for granted in actions.values():
            assert set(granted) <= set(ROLES)
            assert set(granted.values()) <= set(SCOPES)
    for columns in FIELDS.values():
        assert all(set(granted) <= set(ROLES) for granted in columns.values())


@pytest.mark.parametrize("resource", sorted(RIGHTS))
def test_nothing_of_another_territory_is_open_to_anybody_but_an_administrator(resource):
    for action in RIGHTS[resource]:
        for role, who in VIEWERS.items():
            own = {"firm_id": "acme", "park_id": "nord", "delegated": True, "agreed": True}
            try:
                allow(who, action, resource, territory_id="elsewhere", account_id="other", **own)
            except (Hidden, Refused):
                continue
            assert role == "administrator", (action, resource)
            assert RIGHTS[resource][action]["administrator"] == "all"


SECRETS = {"submissions", "lines", "exports", "jobs", "runs", "synergies", "answers", "notes"}


@pytest.mark.parametrize("resource", sorted(SECRETS | {"park_map", "territory_map", "names"}))
def test_an_administrator_sees_neither_declarations_nor_results(resource):
    for action in RIGHTS[resource]:
        with pytest.raises(Hidden):
            allow(VIEWERS["administrator"], action, resource, territory_id="here", firm_id="acme")


def test_another_firms_things_are_hidden_and_a_facilitator_needs_a_delegation():
    firm, facilitator = VIEWERS["firm"], VIEWERS["facilitator"]
    allow(firm, "create", "submissions", territory_id="here", firm_id="acme")
    with pytest.raises(Hidden):
        allow(firm, "read", "submissions", territory_id="here", firm_id="beton")
    allow(facilitator, "read", "submissions", territory_id="here", firm_id="acme")
    with pytest.raises(Refused):
        allow(facilitator, "create", "submissions", territory_id="here", firm_id="acme")
    delegated = {"territory_id": "here", "firm_id": "acme", "delegated": True}
    allow(facilitator, "create", "submissions", **delegated)
    with pytest.raises(Refused):
        allow(facilitator, "create", "answers", territory_id="here", firm_id=("acme", "beton"))


def test_a_manager_looks_at_one_park_and_nothing_else():
    manager = VIEWERS["manager"]
    allow(manager, "read", "park_map", territory_id="here", park_id="nord")
    for resource, place in (
        ("park_map", {"park_id": "sud"}),
        ("park_table", {"park_id": None}),
        ("synergies", {"firm_id": "acme"}),
        ("submissions", {"firm_id": "acme"}),
        ("territory_map", {}),
    ):
        with pytest.raises(Hidden):
            allow(manager, "read", resource, territory_id="here", **place)


SYNERGY = {
    "resource": "15 01 01",
    "quantity": 10,
    "value_eur": 100,
    "saving_donor_eur": 60,
    "saving_receiver_eur": 40,
    "donor_name": "Acme",
    "receiver_name": "Béton Fictif",
}
ENDS = {"territory_id": "here", "donor_firm_id": "acme", "receiver_firm_id": "beton"}


@pytest.mark.parametrize(
    ("role", "agreed", "seen"),
    [
        ("firm", False, {"resource", "quantity", "saving_donor_eur", "donor_name"}),
        (
            "firm",
            True,
            {"resource", "quantity", "saving_donor_eur", "donor_name", "receiver_name"},
        ),
        (
            "facilitator",
            False,
            {"resource", "quantity", "value_eur", "donor_name", "receiver_name"},
        ),
        ("manager", True, {"resource", "quantity"}),
        ("administrator", True, {"resource", "quantity"}),
    ],
)
def test_of_a_synergy_each_sees_its_own_gain_and_names_once_agreed(role, agreed, seen):
    assert set(fields(VIEWERS[role], "synergy", SYNERGY, **ENDS, agreed=agreed)) == seen


def test_a_third_firm_sees_no_name_though_the_two_agreed():
    third = viewer("firm", firm_id="chaux")
    seen = fields(third, "synergy", SYNERGY, **ENDS, agreed=True)
    assert set(seen) == {"resource", "quantity"}


def test_a_declared_cost_is_seen_by_its_firm_and_by_who_declared_it_for_it():
    line = {"label": "cartons", "current_cost_eur_per_unit": "12"}
    here = {"territory_id": "here", "firm_id": "acme"}
    for who, delegated, seen in (
        ("firm", False, True),
        ("facilitator", False, False),
        ("facilitator", True, True),
        ("manager", True, False),
        ("administrator", True, False),
    ):
        kept = fields(VIEWERS[who], "line", line, **here, delegated=delegated)
        assert ("current_cost_eur_per_unit" in kept) == seen, who
    other = viewer("firm", firm_id="beton")
    assert set(fields(other, "line", line, **here, delegated=True)) == {"label"}


def test_a_key_never_reaches_what_is_for_a_person():
    program = replace(VIEWERS["facilitator"], by_token=True)
    allow(program, "list", "firms", territory_id="here")
    for resource, action in (("audit", "list"), ("invitations", "create"), ("memberships", "list")):
        with pytest.raises(Hidden):
            allow(program, action, resource, territory_id="here")
    with pytest.raises(Hidden):
        allow(program, "erase", "account", territory_id=None, account_id="me")
