"""Requests of every kind, for tests of how they look in Slack."""

from typing import Any

from hypothesis import strategies as st

from app.domain.feedback_value import FeedbackType

ID = "019a0000-0000-7000-8000-000000000001"
URL = f"https://parley.example/feedback/{ID}"
SEVERAL = [f"Option {at}" for at in range(12)]
HOSTILE = ["<!channel>", "a & b", "*x* _y_ `z`", "|", "<@U1>", "é😀" * 60, "&" * 200, "<" * 200, '"' * 200]


def request(type: str = "approval", **changed: Any) -> dict[str, Any]:
    """As `FeedbackRequest.as_dict()` makes it."""
    return {
        "id": ID, "code": "K7F2", "session_id": ID, "type": type, "question": "Ship it?", "options": [], "context": "",
        "urgency": "normal", "sensitive": False, "status": "open", "needed": 1, "asked_by": "Ana",
        "batch": None, "deadline": None,
        "default": None, "created_at": "2026-01-02T10:00:00Z", "settled_at": None,
    } | changed  # fmt: skip


TEXT = st.text(min_size=1, max_size=200) | st.sampled_from(HOSTILE)
LONG = st.builds(lambda text, times: (text * times)[:2_000], TEXT, st.integers(1, 500))
REQUESTS = st.builds(
    request,
    st.sampled_from(list(FeedbackType)),
    id=st.uuids().map(str),
    question=LONG,
    options=st.lists(TEXT, min_size=2, max_size=20),
    context=st.builds(lambda text, times: text * times, TEXT, st.integers(0, 100)),
    urgency=st.sampled_from(["normal", "urgent"]),
    needed=st.integers(1, 9),
    asked_by=TEXT,
    deadline=st.sampled_from([None, "2026-01-03T10:00:00Z"]),
    default=st.none() | st.booleans() | TEXT | st.lists(TEXT) | st.integers(1, 5),
    settled_at=st.sampled_from([None, "2026-01-03T10:00:00Z"]),
)
