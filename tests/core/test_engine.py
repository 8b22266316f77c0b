"""The register of loops."""

import pytest

from core import engine


def test_a_loop_cannot_be_registered_twice() -> None:
    def nothing() -> int:
        return 0

    engine.loop("tests.twice", every=1)(nothing)
    try:
        with pytest.raises(ValueError, match="registered twice"):
            engine.loop("tests.twice", every=1)(nothing)
    finally:
        del engine.LOOPS["tests.twice"]
