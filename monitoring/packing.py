"""Columns as PostgreSQL's binary arrays, one parameter each.

The driver's own list dumper asks a Python object per element; text arrays cost ten times as much.
Here a column is packed in one go: fixed widths by numpy, texts by one join. The classes below are
handed to the driver as parameters with `%b`.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Any, ClassVar
from weakref import WeakSet

import numpy as np
from psycopg import Connection, Cursor, pq
from psycopg.adapt import Dumper

# PostgreSQL counts microseconds from here.
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_pack_length = struct.Struct(">i").pack
_LENGTHS = [_pack_length(n) for n in range(2048)]


@dataclass(frozen=True, slots=True)
class Array:
    """A packed column: `body` is every element with its length before it."""

    count: int
    body: bytes

    element: ClassVar[int] = 0
    oid: ClassVar[int] = 0

    def dump(self) -> bytes:
        return _packed(self.element, self.count, self.body)


class TextArray(Array):
    element, oid = 25, 1009


class BigIntArray(Array):
    element, oid = 20, 1016


class TimestampArray(Array):
    """timestamptz[]"""

    element, oid = 1184, 1185


class UuidArray(Array):
    element, oid = 2950, 2951


class IntArray(bytes):
    """int4[], whole and ready to be sent: a short one that is often the same is packed once."""

    oid = 1007


ARRAYS: tuple[type[Array], ...] = (
    TextArray, BigIntArray, TimestampArray, UuidArray,
)  # fmt: skip


class _ArrayDumper(Dumper):
    format = pq.Format.BINARY

    def dump(self, obj: Array) -> bytes:
        return obj.dump()


_DUMPERS = {
    kind: type(f"{kind.__name__}Dumper", (_ArrayDumper,), {"oid": kind.oid}) for kind in ARRAYS
}


class _IntArrayDumper(Dumper):
    format = pq.Format.BINARY
    oid = IntArray.oid

    def dump(self, obj: IntArray) -> bytes:
        return obj


_taught: "WeakSet[Connection[Any]]" = WeakSet()


def cursor(connection: "Connection[Any]") -> "Cursor[Any]":
    """Return a plain cursor of the driver, which knows the classes above as parameters.

    Django's own cursor writes parameters into the statement as text.
    """
    if connection not in _taught:
        for kind, dumper in _DUMPERS.items():
            connection.adapters.register_dumper(kind, dumper)
        _taught.add(connection)
    return Cursor(connection)


def copying(connection: "Connection[Any]") -> "Cursor[Any]":
    """Return a cursor for COPY whose int4[] columns are IntArrays.

    Of its own, for where types are set, COPY chooses by type and not by what it is given.
    """
    found = cursor(connection)
    found.adapters.register_dumper(IntArray, _IntArrayDumper)
    return found


def texts(values: Sequence[str]) -> TextArray:
    encoded = [value.encode() for value in values]
    return TextArray(len(encoded), b"".join(chain.from_iterable(map(_with_length, encoded))))


def bigints(values: Sequence[int]) -> BigIntArray:
    return BigIntArray(len(values), _fixed(np.asarray(values, dtype=np.int64), ">i8"))


@lru_cache(maxsize=4096)
def ints(values: tuple[int, ...]) -> IntArray:
    """A short int4[] that is often the same, such as the queries that a mention answers."""
    body = b"".join(struct.pack(">ii", 4, value) for value in values)
    return IntArray(_packed(_INT4, len(values), body))


def timestamps(micros: Sequence[int]) -> TimestampArray:
    """`micros`: microseconds since EPOCH."""
    return TimestampArray(len(micros), _fixed(np.asarray(micros, dtype=np.int64), ">i8"))


def uuids(keys: Sequence[bytes]) -> UuidArray:
    """`keys`: 16 bytes each."""
    return UuidArray(len(keys), b"".join([_SIXTEEN + key for key in keys]))


def micros(moment: datetime) -> int:
    """Microseconds from EPOCH to an aware moment."""
    gone = moment - EPOCH
    return (gone.days * 86_400 + gone.seconds) * 1_000_000 + gone.microseconds


def moment(value: int) -> datetime:
    """The aware moment of `micros`."""
    return EPOCH + timedelta(microseconds=value)


_SIXTEEN = _pack_length(16)
_INT4 = 23


def _packed(element: int, count: int, body: bytes) -> bytes:
    """Dimensions, flags (no nulls), element type; then the dimension's size and lower bound."""
    if not count:
        return struct.pack(">iii", 0, 0, element)
    return struct.pack(">iiiii", 1, 0, element, count, 1) + body


def _with_length(value: bytes) -> tuple[bytes, bytes]:
    size = len(value)
    return (_LENGTHS[size] if size < 2048 else _pack_length(size)), value


def _fixed(values: "np.ndarray", kind: str) -> bytes:
    rows = np.empty(len(values), dtype=[("length", ">i4"), ("value", kind)])
    rows["length"] = 8
    rows["value"] = values
    return rows.tobytes()
