"""Tickets for maps shut in a frame: a browser sends no cookie from there."""

import secrets

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request

from eit.portal.refusals import Hidden
from eit.portal.viewer import Viewer, view
from eit.store.models import AccountRow

HOURS = 1
_KEY = secrets.token_bytes(32)
"""Of this process alone: after a restart, a page that is loaded again gives new tickets."""


def give_ticket(viewer: Viewer, slug: str, job_id: str) -> str:
    """A word for addresses that stands for its bearer, for the maps of one run, for an hour."""
    return _signer().dumps([viewer.account_id, slug, job_id])


def read_ticket(request: Request, ticket: str) -> tuple[Viewer, str, str]:
    """Who was given a ticket, as the person is today; slug and job that it is for.

    Raises
    ------
    Hidden
        If it was never given or has run out, or the account is not what it was.
    """
    try:
        account_id, slug, job_id = _signer().loads(ticket, max_age=3600 * HOURS)
    except BadData as error:
        raise Hidden from error
    with request.app.state.store.reading() as session:
        account = session.get(AccountRow, account_id)
        if account is None or account.disabled_at or account.erased_at:
            raise Hidden
        return view(account), slug, job_id


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_KEY, salt="maps")
