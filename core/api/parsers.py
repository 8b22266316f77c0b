"""Request bodies."""

from rest_framework.parsers import JSONParser


class StrictJSONParser(JSONParser):
    """JSON without NaN, endless nesting, NUL characters and lone surrogates: each a clear 400."""
