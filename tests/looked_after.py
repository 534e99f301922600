"""What the pages of channels and those of an admin are shown with, to see that their templates hold."""

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
STANDINGS = [
    SimpleNamespace(
        channel=SimpleNamespace(id=f"c{at}", type=type, status=status, address=address, last_error=error, last_ok_at=AT),
        trouble="", testing=False, changing=False, test="accepted", test_error="", tested_at=AT,
    )
    for at, (type, status, address, error) in enumerate(
        [("web", "active", "", ""), ("slack", "failing", "U1", "500"), ("email", "disconnected", "a@b", ""),
         ("email", "off", "c@d", ""), ("slack", "active", "U2", "")]
    )
]  # fmt: skip
ASKED = SimpleNamespace(
    id="r1", code="K7F2", type="multiple_choice", urgency="urgent", deadline=AT, asked_by_name="Ben", created_at=AT,
    alarm="Nothing works.", next_at=AT, user="u2", person="Ana", email="ana@example.org", ways=["web seen", "slack dead"],
)  # fmt: skip
DELIVERY = SimpleNamespace(
    id="d1", kind="request", via="slack", status="dead", given_up=False, attempt=3, due_at=AT, error="<b>500</b>", doubles=1,
    external_id="x", created_at=AT, seen_at=AT, replayed_at=AT, user="u2", person="Ana", address="U1",
    number=1, outcome="no", ended_at=AT,
)  # fmt: skip


def looked_after(seen: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What an admin sees of channels, requests, deliveries and the system, on a day on which much goes wrong."""
    seen = seen | {"p": 2, "failing": ["slack"], "now": AT}
    part = {"earlier": 1, "later": 3}
    health = SimpleNamespace(probe_at=AT, fails=True, failures=5, error="500", ok_at=AT)
    people = part | {"rows": [SimpleNamespace(id="u2", name="Ben", email="ben@example.org")]}
    ways = [("slack", health), ("email", None)]
    yield "everybodys_channels/index.html", seen | {"people": people, "channels": {"u2": STANDINGS}, "ways": ways}
    yield "requests/index.html", seen | {"requests": part | {"rows": [ASKED]}, "alarms": 2}
    chosen = {"chosen": {"status": "dead", "via": ""}, "statuses": ["dead"], "ways": ["slack"], "replayed": 1}
    yield "deliveries/index.html", seen | chosen | {"deliveries": part | {"rows": [DELIVERY]}}
    yield "deliveries/show.html", seen | {"delivery": DELIVERY, "attempts": [DELIVERY]}
    drawn = SimpleNamespace(
        title="Ack", text="x", count=1, top_seconds=70, latest=SimpleNamespace(middles=(0.1, 2, 300)), lines={"p50": "1,2"}
    )
    process = SimpleNamespace(kind="web", host="h", pid=1, began_at=0, heard_at=0, gauges={"parley_open_streams": 1})
    due = SimpleNamespace(kind="turns", count=2, late=1, oldest_seconds=40.0)
    system = {
        "charts": [drawn],
        "due": [due],
        "versions": {"Python": "3"},
        "processes": [process],
        "ways": [("slack", True)],
    }
    yield "system/show.html", seen | system | {"queued": None}
