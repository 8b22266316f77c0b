"""Why CrisisDesk cannot start."""


class CannotStart(Exception):
    """`str(error)` is one or two plain sentences: what is wrong, and what to do about it."""


class Unreachable(CannotStart):
    """A server of one's own does not answer: it may be there in a moment."""
