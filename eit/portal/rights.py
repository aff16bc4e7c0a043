"""Who may do what: one table of resource, action, role and scope, and one of fields.

Roles are those of a membership, and ``administrator``. Scopes say of which instances a right
holds:

=========  =====================================================================================
self       of the person's own account (tokens, sessions, what they sent)
own        of the firm the person speaks for; of a synergy, either of its two firms
park       of the park the person manages
territory  of the territory the person is a member of
delegated  of firms of that territory that let its facilitators declare for them
agreed     of the two firms of a synergy once both said that they are interested
all        of every territory
=========  =====================================================================================

What is not in the table is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from eit.portal.refusals import Hidden, Refused
from eit.portal.viewer import Membership, Viewer

ROLES = ("firm", "manager", "facilitator", "administrator")
SCOPES = ("self", "own", "park", "territory", "delegated", "agreed", "all")

EVERYONE = {"firm": "self", "manager": "self", "facilitator": "self", "administrator": "self"}
MEMBERS = {"firm": "self", "manager": "self", "facilitator": "self"}
MEMBERS_HERE = {"firm": "territory", "manager": "territory", "facilitator": "territory"}
STEERING = {"facilitator": "territory", "administrator": "all"}
FACILITATOR = {"facilitator": "territory"}
ADMINISTRATOR = {"administrator": "all"}
FIRM = {"firm": "own"}
DECLARING = {"firm": "own", "facilitator": "delegated"}
FIRM_SEEN = {"firm": "own", "facilitator": "territory"}
PARK_SEEN = {"manager": "park", "facilitator": "territory"}

RIGHTS: Mapping[str, Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "accounts": {
            "list": ADMINISTRATOR,
            "read": ADMINISTRATOR,
            "disable": ADMINISTRATOR,
            "reset": ADMINISTRATOR,
            "export": ADMINISTRATOR,
            "erase": ADMINISTRATOR,
        },
        "account": {
            "read": EVERYONE,
            "change": EVERYONE,
            "export": EVERYONE,
            "erase": EVERYONE,
        },
        "tokens": {"list": MEMBERS, "create": MEMBERS, "revoke": EVERYONE},
        "memberships": {"list": STEERING, "remove": STEERING},
        "invitations": {"list": STEERING, "create": STEERING, "withdraw": STEERING},
        # of facilitators and administrators, who steer: administrators alone decide
        "steering_memberships": {"list": STEERING, "remove": ADMINISTRATOR},
        "steering_invitations": {
            "list": STEERING,
            "create": ADMINISTRATOR,
            "withdraw": ADMINISTRATOR,
        },
        "audit": {"list": STEERING, "export": STEERING},
        "territories": {
            "list": ADMINISTRATOR,
            "create": ADMINISTRATOR,
            "close": ADMINISTRATOR,
        },
        "territory": {"read": {**MEMBERS_HERE, "administrator": "all"}},
        "territory_files": {
            "list": STEERING,
            "check": STEERING,
            "write": STEERING,
            "read": {"facilitator": "territory", "administrator": "self"},
        },
        # declarations that came inside a territory folder: only who sent them may read them again
        "territory_declarations": {"read": {"facilitator": "self", "administrator": "self"}},
        "firms": {
            "list": STEERING,
            "read": {**FIRM_SEEN, "administrator": "all"},
            "create": STEERING,
            "change": STEERING,
            "erase": {"firm": "own", "administrator": "all"},
        },
        "sites": {
            "list": {**FIRM_SEEN, "administrator": "all"},
            "assign": STEERING,
        },
        "delegations": {"read": FIRM_SEEN, "grant": FIRM, "withdraw": FIRM},
        "submissions": {
            "list": FIRM_SEEN,
            "read": FIRM_SEEN,
            "create": DECLARING,
            "correct": DECLARING,
            "declare": DECLARING,
            "withdraw": DECLARING,
            "download": DECLARING,  # the bytes as sent; a facilitator's own under delegation
        },
        "lines": {"read": FIRM_SEEN, "cancel": DECLARING},
        "template": {"read": DECLARING},
        "exports": {"read": FIRM},
        "jobs": {
            "list": FACILITATOR,
            "read": FACILITATOR,
            "create": FACILITATOR,
            "cancel": FACILITATOR,
        },
        "runs": {"list": FACILITATOR, "read": FACILITATOR, "compare": FACILITATOR},
        "publications": {
            "read": {**MEMBERS_HERE, "administrator": "all"},  # when; what, the rows below say
            "create": FACILITATOR,
            "withdraw": FACILITATOR,
        },
        "territory_map": {"read": FACILITATOR},
        "park_map": {"read": PARK_SEEN},
        "park_table": {"read": PARK_SEEN, "export": PARK_SEEN},
        "park_indicators": {"read": PARK_SEEN, "export": PARK_SEEN},
        "synergies": {"list": FIRM_SEEN, "read": FIRM_SEEN, "export": FIRM_SEEN},
        "answers": {"read": FIRM_SEEN, "create": FIRM},
        "names": {"read": {"firm": "agreed", "facilitator": "territory"}},
        "stages": {"read": FIRM_SEEN, "change": FACILITATOR},
        "notes": {"read": FACILITATOR, "create": FACILITATOR},
    }
)

FIELDS: Mapping[str, Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "line": {
            # what a firm pays today: itself, and a facilitator who declared it in its name
            "current_cost_eur_per_unit": {"firm": "own", "facilitator": "delegated"},
        },
        "synergy": {
            "saving_donor_eur": {"firm": "donor"},
            "saving_receiver_eur": {"firm": "receiver"},
            "value_eur": {"facilitator": "territory"},
            "transport_cost_eur": {"facilitator": "territory"},
            "treatment_cost_eur": {"facilitator": "territory"},
            "fixed_cost_eur": {"facilitator": "territory"},
            "donor_name": {"firm": "donor or agreed", "facilitator": "territory"},
            "donor_contact": {"firm": "donor or agreed", "facilitator": "territory"},
            "donor_site": {"firm": "donor or agreed", "facilitator": "territory"},
            "receiver_name": {"firm": "receiver or agreed", "facilitator": "territory"},
            "receiver_contact": {"firm": "receiver or agreed", "facilitator": "territory"},
            "receiver_site": {"firm": "receiver or agreed", "facilitator": "territory"},
        },
    }
)
"""Fields that not everybody who may read a record sees; all others are seen by all of them."""

BY_PERSON_ONLY = frozenset(
    {
        *("accounts", "account", "tokens", "audit", "territories"),
        *("memberships", "invitations", "steering_memberships", "steering_invitations"),
    }
)
"""Resources that a token never opens: they are for a person at a browser."""

READING = ("read", "list")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instance stands: whose it is, and what holds of it."""

    territory_id: str | None = None
    firm_ids: tuple[str, ...] = ()
    park_id: str | None = None
    account_id: str | None = None
    delegated: bool = False
    agreed: bool = False


def allow(
    viewer: Viewer,
    action: str,
    resource: str,
    *,
    territory_id: str | None,
    firm_id: str | tuple[str, ...] | None = None,
    park_id: str | None = None,
    account_id: str | None = None,
    delegated: bool = False,
    agreed: bool = False,
) -> None:
    """Let an action pass, or say that it may not be.

    Parameters
    ----------
    territory_id, firm_id, park_id, account_id
        Whose the thing is; of a synergy, both its firms.
    delegated
        Whether a delegation of the firm to the territory's facilitators stands (or, of something
        sent, whether it was sent by a facilitator under one).
    agreed
        Whether both firms of a synergy said that they are interested.

    Raises
    ------
    Hidden
        If the viewer may not know that the thing exists.
    Refused
        If the viewer may read it, but not do this.
    """
    place = Place(territory_id, _all(firm_id), park_id, account_id, delegated, agreed)
    if permits(viewer, action, resource, place):
        return
    known = (one for one in READING if one in RIGHTS[resource])
    raise Refused if any(permits(viewer, one, resource, place) for one in known) else Hidden


def permits(viewer: Viewer, action: str, resource: str, place: Place) -> bool:
    """Whether the table lets the viewer do this there.

    Raises
    ------
    KeyError
        If the table has no such resource or action.
    """
    granted = RIGHTS[resource][action]
    if viewer.by_token and resource in BY_PERSON_ONLY:
        return False
    if viewer.is_administrator and "administrator" in granted:
        scope = granted["administrator"]
        if scope == "all" or (scope == "self" and place.account_id == viewer.account_id):
            return True
    if place.territory_id is None:  # of the account itself, beyond any territory
        return place.account_id == viewer.account_id and "self" in granted.values()
    return any(
        _covers(granted[one.role], one, viewer, place)
        for one in viewer.within(place.territory_id)
        if one.role in granted
    )


def fields(
    viewer: Viewer,
    resource: str,
    record: Mapping[str, Any],
    *,
    territory_id: str,
    firm_id: str | None = None,
    donor_firm_id: str | None = None,
    receiver_firm_id: str | None = None,
    delegated: bool = False,
    agreed: bool = False,
) -> dict[str, Any]:
    """Keep those fields of a record that the viewer may see; the others are absent.

    Parameters
    ----------
    record
        Values by field name. ``resource`` is ``line`` (cells by column) or ``synergy``.
    firm_id
        Firm of a line.
    donor_firm_id, receiver_firm_id
        Firms of a synergy.
    delegated
        Whether a facilitator sent the line under the firm's delegation.
    agreed
        Whether both firms said that they are interested.
    """
    place = Place(territory_id, _all(firm_id), None, None, delegated, agreed)
    sides = {"donor": donor_firm_id, "receiver": receiver_firm_id}
    ends = tuple(one for one in sides.values() if one)
    members = viewer.within(territory_id)

    def seen(granted: Mapping[str, str]) -> bool:
        return any(
            _sees(scope, one, viewer, place, sides, ends)
            for one in members
            if one.role in granted
            for scope in granted[one.role].split(" or ")
        )

    limited = FIELDS[resource]
    return {
        name: value for name, value in record.items() if name not in limited or seen(limited[name])
    }


def _sees(
    scope: str,
    membership: Membership,
    viewer: Viewer,
    place: Place,
    sides: Mapping[str, str | None],
    ends: tuple[str, ...],
) -> bool:
    if scope in sides:
        return membership.firm_id is not None and membership.firm_id == sides[scope]
    if scope == "agreed":
        return place.agreed and membership.firm_id in ends
    return _covers(scope, membership, viewer, place)


def _covers(scope: str, membership: Membership, viewer: Viewer, place: Place) -> bool:
    """Whether a membership of the place's territory reaches an instance, by its scope."""
    mine = membership.firm_id is not None and membership.firm_id in place.firm_ids
    reaches = {
        "self": place.account_id == viewer.account_id,
        "own": mine,
        "park": membership.park_id is not None and membership.park_id == place.park_id,
        "territory": True,
        "delegated": place.delegated,
        "agreed": place.agreed and mine,
        "all": False,
    }
    return reaches[scope]


def _all(firm_id: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if firm_id is None:
        return ()
    return (firm_id,) if isinstance(firm_id, str) else firm_id
