"""Detection: is this more than usual for this brand? Pure functions, no database, no clock."""

from .detector import Detector, Verdict, Verdicts
from .rise import DayRise, RiseVerdict
from .share import NegativeShare, ShareVerdict
from .silence import Silence, SilenceVerdict

__all__ = [
    "DayRise",
    "Detector",
    "NegativeShare",
    "RiseVerdict",
    "ShareVerdict",
    "Silence",
    "SilenceVerdict",
    "Verdict",
    "Verdicts",
]
