"""From texts to hashed features, for a whole batch at once.

The batch becomes one array of code points. One running hash over it gives the hash of every
stretch by a subtraction, hence every word and every run of 2 to 5 characters, with a handful of
array operations for all texts together. Nothing here depends on what else is in the batch.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Index = NDArray[np.intp]

# Longer texts are judged by their beginning. The packed sums of model.py rely on this bound.
LONGEST = 1000
# Lengths of the runs of characters; a model says with which it was trained.
NGRAMS = (2, 3, 4, 5)
# Characters handled at once: the arrays of a chunk stay in the processor's cache.
CHUNK = 24_000

SPACE, LETTER, MARK, SINGLE = range(4)
_NEWLINE = 10
# Odd, so that every power has an inverse modulo 2**64.
_BASE = 0x9E3779B97F4A7C15
_MIX = np.uint64(0xD6E8FEB86659FD93)
_PAIR = np.uint64(0xA24BAED4963EE407)
_NEGATED = np.uint64(0x9FB21C651E98DF25)

_LINKS = re.compile(r"(?:https?://|www\.)\S+")
_NAMES = re.compile(r"@\w+")

# Turn the sense of the words that follow, up to this many.
REACH = 3
_NEGATIONS = (
    "not no never none cannot cant can't dont don't doesnt doesn't didnt didn't isnt isn't wasnt "
    "wasn't wont won't wouldnt wouldn't shouldnt shouldn't couldnt couldn't arent aren't aint "
    "ain't hardly without ikke ikk ik aldrig intet ingen næppe uden hverken ikkje aldri ingenting "
    "inte aldrig inget nicht kein keine nie niet geen nooit pas jamais sin nunca"
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Row numbers of all features of some texts, text after text.

    `tokens` and `pairs` are per word; `grams` one array per length, per character. `token_starts`
    and `starts` say where each text begins in them. `counts` is the number of features of a text.
    `words` are the words' own hashes, as many as `tokens`, 0 for marks and figures.
    """

    tokens: Index
    pairs: Index
    token_starts: Index
    grams: tuple[Index, ...]
    starts: Index
    counts: NDArray[np.float64]
    words: Words


def _fold_table() -> NDArray[np.uint32]:
    """Lower case, one kind of space, one digit, plain quotes; for the first 0x3000 code points."""
    table = np.arange(0x3000, dtype=np.uint32)
    for code in range(0x2000):
        lower = chr(code).lower()
        if len(lower) == 1:
            table[code] = ord(lower)
        if chr(code).isdigit():
            table[code] = ord("0")
    table[[code for code in range(0x3000) if chr(code).isspace()]] = 32
    table[:32] = 32
    table[_NEWLINE] = _NEWLINE
    table[[0x2018, 0x2019, 0xB4, 0x60]] = 0x27
    table[[0x201C, 0x201D, 0x201E, 0xAB, 0xBB]] = 0x22
    # Zero-width characters are spaces to nobody; they vanish with the doubled spaces.
    table[0x200B:0x2010] = 32
    return table


def _class_table() -> NDArray[np.uint8]:
    """What a folded code point is, up to 0xFFFF; beyond are symbols, mostly emoji."""
    table = np.full(0x10000, LETTER, dtype=np.uint8)
    for code in range(0x3000):
        if not chr(code).isalnum() and code != 0x27:
            table[code] = MARK
    table[0x2190:0x2C00] = SINGLE
    table[0xD800:0xF900] = MARK
    table[0xFE00:0xFE10] = SPACE
    table[32] = SPACE
    table[_NEWLINE] = SINGLE
    return table


_FOLD = _fold_table()
_CLASS = _class_table()


def _powers(base: int, count: int) -> Words:
    powers = np.full(count, base, dtype=np.uint64)
    powers[0] = 1
    return np.multiply.accumulate(powers)


# A chunk ends with the text that fills it, each at most LONGEST and three separators.
_ROOM = CHUNK + 2 * LONGEST + 64
_POWERS = _powers(_BASE, _ROOM)
_INVERSES = _powers(pow(_BASE, -1, 1 << 64), _ROOM)


def prepare(texts: Sequence[str]) -> list[str]:
    """Cut to size, without line breaks, links and names of people."""
    kept = [text[:LONGEST].replace("\n", " ") for text in texts]
    joined = "\n".join(kept)
    if "@" in joined:
        joined = _NAMES.sub("@", joined)
    if "http" in joined or "www." in joined:
        joined = _LINKS.sub(" ", joined)
    return joined.split("\n") if kept else []


def chunk(prepared: Sequence[str], bits: int, lengths: Sequence[int] = NGRAMS) -> Chunk:
    """Hash texts from `prepare`, together at most CHUNK + LONGEST characters, to row numbers.

    Runs of characters and pairs of words share the rows below 2**bits; single words have the
    2**(bits - 1) above to themselves, so that a known word's weights are seldom another's.
    """
    codes, classes = _characters(prepared)
    ends = np.flatnonzero(codes == _NEWLINE) + 1
    starts = np.concatenate(([0], ends[:-1]))
    hashes = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum(codes * _POWERS[: len(codes)], out=hashes[1:])
    tokens, pairs, token_starts, solid = _words(codes, classes, hashes, ends, bits)
    grams = tuple(_grams(hashes, ends, length, bits) for length in lengths)
    words = np.diff(np.append(token_starts, len(tokens)))
    counts = len(lengths) * (ends - starts) + 2.0 * words
    return Chunk(tokens, pairs, token_starts, grams, starts, counts, solid)


def rows(bits: int) -> int:
    """Return how many rows a table has."""
    return (1 << bits) + (1 << (bits - 1))


def word_rows(words: Sequence[str], bits: int, *, negated: bool = False) -> Index:
    """The rows of single words: where a lexicon's weights belong."""
    hashes = np.array([_hash_of(word) for word in words], dtype=np.uint64)
    return _rows(hashes + _NEGATED if negated else hashes, bits - 1) + (1 << bits)


def _characters(prepared: Sequence[str]) -> tuple[Words, NDArray[np.uint8]]:
    """Folded code points with doubled spaces and long repetitions left out, and their classes."""
    joined = " " + " \n ".join(prepared) + " \n"
    raw = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    codes = np.where(raw < len(_FOLD), _FOLD.take(raw, mode="clip"), raw)
    classes = np.where(codes < len(_CLASS), _CLASS.take(codes, mode="clip"), SINGLE)
    blank = classes == SPACE
    keep = np.ones(len(codes), dtype=bool)
    keep[1:] = ~(blank[1:] & blank[:-1])
    keep[2:] &= ~((codes[2:] == codes[1:-1]) & (codes[2:] == codes[:-2]) & ~blank[2:])
    # The break between two texts is never left out: empty texts are texts.
    keep |= codes == _NEWLINE
    return codes[keep].astype(np.uint64), classes[keep].astype(np.uint8)


def _rows(hashes: Words, bits: int) -> Index:
    """Mix a hash well and keep its upper bits; row 0 is nobody's.

    In place where it can be, and seen as an index rather than copied: this is most of the work.
    """
    mixed = hashes >> np.uint64(29)
    mixed ^= hashes
    mixed *= _MIX
    mixed >>= np.uint64(64 - bits)
    rows = mixed.view(np.intp)
    return np.maximum(rows, 1, out=rows)


def _grams(hashes: Words, ends: Index, length: int, bits: int) -> Index:
    """Rows of the runs of `length` characters beginning at each place; row 0 past a text's end."""
    size = len(hashes) - 1
    rows = np.zeros(size, dtype=np.intp)
    count = size - length + 1
    if count > 0:
        salted = hashes[length:] - hashes[:count]
        salted *= _INVERSES[:count]
        salted += np.uint64(length)
        rows[:count] = _rows(salted, bits)
    # So many places before its end nothing begins that is still the text's own.
    past = ends[:, None] - np.arange(1, length + 1)
    rows[np.maximum(past, 0)] = 0
    return rows


def _words(
    codes: Words, classes: NDArray[np.uint8], hashes: Words, ends: Index, bits: int
) -> tuple[Index, Index, Index, Words]:
    """Rows of words and of neighbouring words, where each text's words begin, and the words."""
    edge = np.ones(len(codes) + 1, dtype=bool)
    edge[1:-1] = (classes[1:] != classes[:-1]) | (classes[1:] == SINGLE)
    borders = np.flatnonzero(edge)
    solid = classes[borders[:-1]] != SPACE
    begin, end = borders[:-1][solid], borders[1:][solid]
    words = (hashes[end] - hashes[begin]) * _INVERSES[begin]
    # Each text ends with its line break, a word of its own: no text is without words.
    last = np.searchsorted(begin, ends - 1)
    text_starts = np.concatenate(([0], last[:-1] + 1))
    turned = _turned(words, last)
    rows = _rows(words + turned * _NEGATED, bits - 1) + (1 << bits)
    pairs = np.zeros(len(words), dtype=np.intp)
    pairs[1:] = _rows(words[:-1] * _PAIR + words[1:], bits)
    pairs[text_starts] = 0
    rows[last] = 0
    pairs[last] = 0
    # Shared posts differ in "RT", names and figures: what is left is what they have in common.
    spoken = (classes[begin] == LETTER) & (codes[begin] != ord("0")) & (words != _RETWEET)
    return rows, pairs, text_starts, np.where(spoken, words, np.uint64(0))


def _turned(words: Words, last: Index) -> Words:
    """1 for the words within reach after a negation, not beyond the end of the text."""
    # Few words pass the first look, at twelve bits; only they are compared.
    likely = np.flatnonzero(_LIKE_NEGATIONS[(words >> _TO_LOOK).astype(np.intp)])
    negation = np.zeros(len(words), dtype=bool)
    negation[likely] = np.isin(words[likely], _NEGATION_HASHES)
    turned = np.zeros(len(words), dtype=bool)
    stop = np.zeros(len(words), dtype=bool)
    stop[last] = True
    spread = negation
    for _ in range(REACH):
        spread = np.concatenate(([False], (spread & ~stop)[:-1]))
        turned |= spread
    turned[last] = False
    return turned.astype(np.uint64)


def _hash_of(word: str) -> int:
    codes, _ = _characters([word])
    inner = codes[1:-2] if len(codes) > 2 else codes[:0]
    return int((inner * _POWERS[: len(inner)]).sum(dtype=np.uint64))


_NEGATION_HASHES = np.array([_hash_of(word) for word in _NEGATIONS.split()], dtype=np.uint64)
_TO_LOOK = np.uint64(52)
_LIKE_NEGATIONS = np.zeros(1 << 12, dtype=bool)
_LIKE_NEGATIONS[(_NEGATION_HASHES >> _TO_LOOK).astype(np.intp)] = True
_RETWEET = np.uint64(_hash_of("rt"))
