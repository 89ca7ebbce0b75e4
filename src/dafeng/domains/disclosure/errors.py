"""What can go wrong here beyond the errors that all domains share."""

from dafeng.kernel.errors import DafengError


class DisclosureError(DafengError):
    """A duty, a filing, a voice or a case cannot be taken as given."""

    code = "disclosure"


class RateLimited(DafengError):
    """Too many attempts from one address."""

    code = "rate_limited"
