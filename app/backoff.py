"""How long to wait before trying again."""

from random import random

from app.settings import settings


def backoff_seconds(wait: int) -> float:
    """How long to wait before try number `wait` + 1: doubling up to the cap, the upper half of it random."""
    longest = min(settings().backoff_cap_seconds, settings().backoff_base_seconds * 2 ** min(wait - 1, 30))
    return float(longest * (0.5 + random() / 2))  # noqa: S311 - spreads load, guards nothing
