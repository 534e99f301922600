"""Numbers for Prometheus, in its text format (https://prometheus.io/docs/instrumenting/exposition_formats/)."""

from collections import defaultdict
from collections.abc import Iterator

from litestar import Response, get

from app import metrics, queue
from app.auth.bearer import Stranger, caller
from app.database import sql
from app.domain.overdue import all_due
from app.domain.scope import Scope
from app.metrics import sample
from app.peer import is_from_here
from app.valkey import AWAY
from app.web.pages import AnyRequest

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
HISTOGRAMS = ("parley_http_request_duration_seconds",)

# Gauges out of the rows: name, label, value.
ROWS = """
SELECT 'parley_deliveries' AS name, 'status' AS label, status AS value, count(*)::float AS number FROM deliveries
  WHERE status IN ('due', 'sending', 'uncertain', 'dead') GROUP BY status
UNION ALL SELECT 'parley_requests', 'status', status, count(*) FROM feedback_requests GROUP BY status
UNION ALL SELECT 'parley_requests_with_alarm', '', '', count(DISTINCT r.id) FROM feedback_requests r
  JOIN feedback_recipients p ON p.request = r.id WHERE r.status = 'open' AND p.alarm <> ''
UNION ALL SELECT 'parley_answers_under_way', '', '', count(*) FROM agent_states WHERE status IN ('thinking', 'responding')
UNION ALL SELECT 'parley_breaker_open', 'via', key, (probe_at IS NOT NULL)::int FROM channel_health
UNION ALL SELECT 'parley_fails_on_purpose', 'via', key, fails::int FROM channel_health
"""


@get("/metrics", opt={"open": True, "stateless": True})
async def show_metrics(request: AnyRequest) -> Response[bytes]:
    """For a program on this machine, and for whoever brings an admin's token (scope `admin`)."""
    if not await _may(request):
        return Response(b"An admin's token, please.\n", status_code=401, headers={"WWW-Authenticate": "Bearer"})
    return Response(written(await numbers()).encode(), media_type=MEDIA_TYPE)


async def _may(request: AnyRequest) -> bool:
    given = request.headers.get("authorization", "")
    if not given:
        return is_from_here(request.scope)
    try:
        return (await caller(given)).may(Scope.ADMIN)
    except Stranger:
        return False


async def numbers() -> dict[str, float]:
    """Every number by its sample's name; while Valkey is away, those that the rows tell."""
    found = {
        sample(row["name"], **({row["label"]: row["value"]} if row["label"] else {})): row["number"]
        for row in await sql(ROWS)
    }
    for one in await all_due():
        found[sample("parley_due_rows", kind=one.kind)] = one.count
        found[sample("parley_due_oldest_seconds", kind=one.kind)] = round(max(0.0, one.oldest_seconds), 3)
    try:
        return found | await _from_valkey()
    except AWAY:
        return found | {"parley_valkey_up": 0}


async def _from_valkey() -> dict[str, float]:
    living = await metrics.processes()
    found: dict[str, float] = defaultdict(float, {"parley_valkey_up": 1, "parley_queue_depth": await queue.depth()})
    for process in living:
        found[sample("parley_processes", kind=process.kind)] += 1
        for name, value in process.gauges.items():
            found[name] += value
    return found | await metrics.counts()


def written(found: dict[str, float]) -> str:
    """The text: what belongs together stands together, under its type."""
    families: dict[str, list[str]] = defaultdict(list)
    for name in sorted(found, key=_place):
        families[_family(name)].append(f"{name} {found[name]:.15g}")
    return "\n".join(line for family, lines in families.items() for line in _told(family, lines)) + "\n"


def _told(family: str, lines: list[str]) -> Iterator[str]:
    kind = "histogram" if family in HISTOGRAMS else "counter" if family.endswith("_total") else "gauge"
    yield f"# TYPE {family} {kind}"
    yield from lines


def _family(name: str) -> str:
    bare = name.partition("{")[0]
    return next((one for one in HISTOGRAMS if bare.startswith(f"{one}_")), bare)


def _place(name: str) -> tuple[str, str, float]:
    """Buckets from the smallest on."""
    before, _, bound = name.partition(',le="')
    return _family(name), before, float(bound.rstrip('"}').replace("+Inf", "inf")) if bound else 0.0
