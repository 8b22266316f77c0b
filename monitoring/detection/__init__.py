"""Detection: is this more than usual for this brand? Pure functions, no database, no clock."""

from .detector import Detector, Verdict, Verdicts

__all__ = ["Detector", "Verdict", "Verdicts"]
