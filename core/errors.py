"""Refusals: a service says no with words for the person who asked; the edge shows them."""


class Refused(Exception):
    """Base of every refusal by a service. `str(error)` is fit for the user and translated."""


class Conflict(Refused):
    """Someone else was quicker, or the thing has changed since it was shown."""


class Forbidden(Refused):
    """The person may see the thing but may not do this with it."""
