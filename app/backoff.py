"""How long to wait before trying again."""

from random import random

from app.settings import settings


def backoff_seconds(wait: int, growth: float = 2.0) -> float:
    """How long to wait before try number `wait` + 1: doubling up to the cap, the last twentieth of it random, so that each
    is at least 1.8 times the one before."""
    longest = min(settings().backoff_cap_seconds, settings().backoff_base_seconds * growth ** min(wait - 1, 30))
    return float(longest * (1 - random() / 20))  # noqa: S311 - spreads load, guards nothing
