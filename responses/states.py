"""Which moves a publication may make. The trigger in migration 0003 holds the same table."""

from .enums import PublicationState as P

MOVES: dict[P, set[P]] = {
    P.QUEUED: {P.SENDING, P.FAILED, P.CANCELLED},
    # Back to the queue only when it is proven that nothing left the house.
    P.SENDING: {P.SENT, P.FAILED, P.UNCERTAIN, P.QUEUED, P.CANCELLED},
    # From here on only by proof, or by a person: never straight back to the queue.
    P.UNCERTAIN: {P.SENT, P.FAILED},
    P.FAILED: {P.QUEUED, P.CANCELLED},
    P.CANCELLED: {P.QUEUED},
    P.SENT: set(),
}
# It is out, on its way or may be out: the account is taken as far as this draft is concerned.
GONE = (P.SENDING, P.SENT, P.UNCERTAIN)
# Called back because its approval no longer stood: once approved anew it goes on.
FELL = ("approval_fell", "approval_expired")
# Has not left, and can be called back.
HELD = (P.QUEUED, P.FAILED)
# It is not known to be out, and not given up.
UNDONE = (*HELD, P.SENDING, P.UNCERTAIN)

if set(MOVES) != set(P):
    raise ValueError("Every state of a publication needs its moves.")
