"""A number that near-duplicates share: SQL groups by it as by any other.

The words of a text (folded, without links, names, marks and counts) are hashed; of each hash
function the least value is kept (minhash), and of several together a digest is made. Two texts
share it when none of the least words was changed: a retweet, another link or name, a mark or a
word added at the end mostly leave it alone, another opinion does not.
"""

import numpy as np
from numpy.typing import NDArray

from .features import Chunk

Words = NDArray[np.uint64]

# Fewer words say nothing of their own: "thank you" is no campaign.
LEAST_WORDS = 5
# More make fewer strangers alike, and fewer of the kin.
_LEAST = 3
_SALTS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)
_SHIFT = np.uint64(31)
_MIX = np.uint64(0xD6E8FEB86659FD93)


def fingerprints(chunk: Chunk) -> Words:
    """Return a fingerprint per text of the chunk, 0 for those too short to tell. 63 bits."""
    words, starts = chunk.words, chunk.token_starts
    solid = words != 0
    counts = np.add.reduceat(solid.astype(np.int64), starts)
    found = np.zeros(len(starts), dtype=np.uint64)
    for salt in _SALTS[:_LEAST]:
        hashed = words * salt
        hashed ^= hashed >> _SHIFT
        hashed *= _MIX
        hashed[~solid] = np.uint64(0xFFFFFFFFFFFFFFFF)
        least = np.minimum.reduceat(hashed, starts)
        found = (found ^ least) * _MIX
        found ^= found >> _SHIFT
    found >>= np.uint64(1)
    found[counts < LEAST_WORDS] = 0
    return found
