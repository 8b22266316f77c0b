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
# Has not left, and can be called back.
HELD = (P.QUEUED, P.FAILED)

if set(MOVES) != set(P):
    raise ValueError("Every state of a publication needs its moves.")
