"""The figures that CrisisDesk holds itself to: `make bench`, or `make bench ONLY=part-of-a-name`.

Add one by writing a function in a module of this folder:

    @figure("ingest, end to end", unit="rows/s", must=">= 0.12", issue=2)
    def ingest() -> Measured:
        return Measured(value=ours, limit=plain_copy)

`limit` is measured in the same run on the same machine, so that the ratio means the same
everywhere; where the requirement itself is a number (megabytes, seconds), that number is the
limit and the ratio must be at most 1. Each figure starts with empty tables.
"""

from .figures import FIGURES, Figure, Measured, figure, median_of_rounds

__all__ = ["FIGURES", "Figure", "Measured", "figure", "median_of_rounds"]
