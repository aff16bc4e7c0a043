"""Why a request ends without what it asked for: each as one exception with its status and code."""


class PortalError(Exception):
    """A request that cannot be served; its sentence is ``portal.error.<code>``."""

    status = 400
    code = "bad_request"


class NotSignedInError(PortalError):
    """Nobody is signed in: a page leads to the sign-in, the interface answers 401."""

    status = 401
    code = "not_signed_in"


class Refused(PortalError):  # noqa: N818 -- what happened, not an error of the software
    """The thing is known to this person, but not this action."""

    status = 403
    code = "refused"


class Hidden(PortalError):  # noqa: N818
    """The thing does not exist, or may not be known to exist to this person."""

    status = 404
    code = "not_found"


class Impossible(PortalError):  # noqa: N818
    """The state of things does not allow it: a job already ended, a name already taken."""

    status = 409
    code = "conflict"

    def __init__(self, code: str = "conflict") -> None:
        super().__init__(code)
        self.code = code


class Unsound(PortalError):  # noqa: N818
    """What was sent cannot be taken: a wrong file, a missing field."""

    status = 422
    code = "unsound"

    def __init__(self, code: str = "unsound") -> None:
        super().__init__(code)
        self.code = code


class TooMany(PortalError):  # noqa: N818
    """Tried too often; later again."""

    status = 429
    code = "too_many"
