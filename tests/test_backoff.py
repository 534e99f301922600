"""How waits grow."""

from itertools import pairwise

import pytest

from app.backoff import backoff_seconds
from app.settings import settings


def test_each_wait_is_at_least_1_8_times_the_one_before_up_to_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "backoff_base_seconds", 1.0)
    monkeypatch.setattr(settings(), "backoff_cap_seconds", 300.0)
    for _ in range(1000):
        waits = [backoff_seconds(number) for number in range(1, 13)]
        assert all(later >= 1.8 * earlier for earlier, later in pairwise(waits) if later < 256)
        assert 285 <= waits[-1] <= 300
    assert len({backoff_seconds(5) for _ in range(100)}) > 90, "not everybody comes again at once"
