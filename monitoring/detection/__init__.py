"""Detection: is this more than usual for this brand? Pure functions, no database, no clock."""

from .detector import Detector, Verdict, Verdicts
from .share import NegativeShare, ShareVerdict

__all__ = ["Detector", "NegativeShare", "ShareVerdict", "Verdict", "Verdicts"]
