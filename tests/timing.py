"""Promises in time are measured when all other tests have ended: two misses may be the machine's, three are Parley's."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


class TooLate(AssertionError):
    """It was right, but took longer than promised."""


def timed(test):  # type: ignore[no-untyped-def]
    """Run this test by itself, and up to three times, but only for a TooLate: what is wrong fails at once."""
    return pytest.mark.timed(pytest.mark.flaky(reruns=2, only_rerun=["TooLate"])(test))


@contextmanager
def within(seconds: float, why: str = "") -> Iterator[None]:
    """TooLate if what is done inside takes `seconds` or more."""
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    if took >= seconds:
        raise TooLate(f"{took:.3f} s where {seconds} s are promised{why and ': '}{why}")
