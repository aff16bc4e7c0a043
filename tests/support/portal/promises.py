"""Who may do what in the portal, written out by hand.

`HAND` says in words whom each right is for, after what the portal promises: a firm has its own
declarations to itself, facilitators see them without their costs and send some where the firm
lets them, managers look at their park, administrators keep accounts and territories and see
neither declarations nor results. It is not derived from `eit.portal.rights`.

Kinds of people are those of `furnished.KINDS`; besides, ``delegate`` is the facilitator while
Alpha's delegation stands, ``agreed`` either firm of a synergy once both are interested.
"""

from collections.abc import Mapping

EVERYONE = "firm partner other manager beside facilitator administrator stranger elsewhere"
MEMBERS = "firm partner other manager beside facilitator"
FIRMS = "firm partner other"
STEERING = "facilitator administrator"
CHIEF = "administrator"
NOBODY = ""

HAND: Mapping[str, str] = {
    "accounts list": CHIEF,
    "accounts read": CHIEF,
    "accounts disable": CHIEF,
    "accounts reset": CHIEF,
    "accounts export": CHIEF,
    "accounts erase": CHIEF,
    "account read": EVERYONE,
    "account change": EVERYONE,
    "account export": EVERYONE,
    "account erase": EVERYONE,
    "tokens list": "firm",  # of the person Alpha's keys belong to
    "tokens create": "firm",
    "tokens revoke": "firm",
    "memberships list": STEERING,
    "memberships remove": STEERING,
    "invitations list": STEERING,
    "invitations create": STEERING,
    "invitations withdraw": STEERING,
    "steering_memberships list": STEERING,
    "steering_memberships remove": CHIEF,
    "steering_invitations list": STEERING,
    "steering_invitations create": CHIEF,
    "steering_invitations withdraw": CHIEF,
    "audit list": STEERING,
    "audit export": STEERING,
    "territories list": CHIEF,
    "territories create": CHIEF,
    "territories close": CHIEF,
    "territory read": f"{MEMBERS} administrator",
    "territory_files list": STEERING,
    "territory_files check": STEERING,
    "territory_files write": STEERING,
    "territory_files read": "facilitator",  # and an administrator, what they sent
    "territory_declarations read": NOBODY,  # but who sent them
    "firms list": STEERING,
    "firms read": f"firm {STEERING}",
    "firms create": STEERING,
    "firms change": STEERING,
    "firms erase": "firm administrator",
    "sites list": f"firm {STEERING}",
    "sites assign": STEERING,
    "delegations read": "firm facilitator",
    "delegations grant": "firm",
    "delegations withdraw": "firm",
    "submissions list": "firm facilitator",
    "submissions read": "firm facilitator",
    "submissions create": "firm delegate",
    "submissions correct": "firm delegate",
    "submissions declare": "firm delegate",
    "submissions withdraw": "firm delegate",
    "submissions download": "firm delegate",
    "lines read": "firm facilitator",
    "lines cancel": "firm delegate",
    "template read": "firm delegate",
    "exports read": "firm",
    "jobs list": "facilitator",
    "jobs read": "facilitator",
    "jobs create": "facilitator",
    "jobs cancel": "facilitator",
    "runs list": "facilitator",
    "runs read": "facilitator",
    "runs compare": "facilitator",
    "publications read": f"{MEMBERS} administrator",  # when, not what
    "publications create": "facilitator",
    "publications withdraw": "facilitator",
    "territory_map read": "facilitator",
    "park_map read": "manager facilitator",
    "park_table read": "manager facilitator",
    "park_table export": "manager facilitator",
    "park_indicators read": "manager facilitator",
    "park_indicators export": "manager facilitator",
    "synergies list": f"{FIRMS} facilitator",  # each firm its own
    "synergies read": "firm partner facilitator",
    "synergies export": f"{FIRMS} facilitator",
    "answers read": "firm partner facilitator",
    "answers create": "firm partner",
    "names read": "facilitator agreed",
    "stages read": "firm partner facilitator",
    "stages change": "facilitator",
    "notes read": "facilitator",
    "notes create": "facilitator",
}

PERSONS_ALONE = frozenset(
    {
        *("accounts", "account", "tokens", "memberships", "invitations", "audit", "territories"),
        *("steering_memberships", "steering_invitations"),
    }
)
"""What no key opens, whosever it is; nor does a key ever make an administrator."""
