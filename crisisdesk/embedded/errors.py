"""Why CrisisDesk cannot start."""


class CannotStart(Exception):
    """`str(error)` is one or two plain sentences: what is wrong, and what to do about it."""
