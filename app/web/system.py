"""How Parley itself is, for admins: versions, processes, what waits, how long things take; and failures on purpose."""

import platform
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from app import metrics, queue
from app.clock import now
from app.database import sql, transaction
from app.domain import audit
from app.domain.audit import Action
from app.domain.channel import ChannelType
from app.domain.channel_health import all_failing_on_purpose, let_fail
from app.domain.errors import NotFound
from app.domain.measure import Slot, slots
from app.domain.overdue import all_due
from app.valkey import AWAY, valkey
from app.web.admin import Admin
from app.web.channels import wanted
from app.web.pages import AnyRequest, page, see

SHOWN = timedelta(hours=6)
WIDTH, HEIGHT = 300, 80
FAILING = tuple(type for type in ChannelType if type != ChannelType.WEB)
CHARTS = (
    ("ack", "Acknowledged", "From the words being sent to Parley having kept them."),
    ("first token", "First word", "From then to the first word of the answer."),
    ("delivery", "Delivered", "From a delivery being written to the other side having taken it."),
)


@dataclass(frozen=True)
class Chart:
    """How long something took in the last hours, as templates/system/_chart.html draws it. `lines` are the points of p50,
    p95 and p99 within 300 by 80; `top_seconds` is the upper edge."""

    title: str
    text: str
    count: int
    latest: Slot | None
    top_seconds: float
    lines: dict[str, str]

    @classmethod
    def of(cls, title: str, text: str, found: list[Slot], since: datetime) -> "Chart":
        top = max((max(slot.middles) for slot in found), default=0.0) or 1.0
        lines = {
            name: " ".join(_point(slot, slot.middles[place] / top, since) for slot in found)
            for place, name in enumerate(("p50", "p95", "p99"))
        }
        return cls(title, text, sum(slot.count for slot in found), found[-1] if found else None, top, lines)


def _point(slot: Slot, height: float, since: datetime) -> str:
    across = max(0.0, min(1.0, (slot.at - since) / SHOWN))
    return f"{across * WIDTH:.1f},{(1 - height) * HEIGHT:.1f}"


@get("/admin/system")
async def show_system(request: AnyRequest, admin: Admin) -> Response[bytes]:
    since = now() - SHOWN
    charts = [Chart.of(title, text, await slots(kind, since), since) for kind, title, text in CHARTS]
    failing = await all_failing_on_purpose()
    return page(
        request, "system/show.html", charts=charts, due=await all_due(), versions=await _versions(), now=now(),
        queued=await _or_away(queue.depth()), processes=await _or_away(metrics.processes()),
        ways=[(key, key in failing) for key in dict.fromkeys([*FAILING, *failing])],
    )  # fmt: skip


@post("/admin/system/channels/{key:str}", status_code=303)
async def fail_on_purpose(request: AnyRequest, admin: Admin, key: FromPath[str]) -> Response[bytes]:
    """Let a channel fail as if the other side were away, or let it work again."""
    if key not in (*FAILING, *await all_failing_on_purpose()):
        raise NotFound("There is no such channel.")
    fails = await wanted(request)
    async with transaction():
        await let_fail(key, fails)
        await audit.note(Action.FAILURE_SWITCHED, by=admin, detail=f"{key}, {'on' if fails else 'off'}")
    return see(request, "/admin/system#failures")


async def _versions() -> dict[str, str]:
    rows = await sql("SHOW server_version")
    return {
        "Parley": version("parley"), "Python": platform.python_version(), "PostgreSQL": rows[0][0],
        "Valkey": await _or_away(_valkey_version()) or "away",
    }  # fmt: skip


async def _valkey_version() -> str:
    client = valkey()
    try:
        info = await client.info("server")
    finally:
        await client.aclose()
    return str(info.get("valkey_version") or info.get("redis_version"))


async def _or_away(asked: Awaitable[Any]) -> Any:
    """What Valkey says; None while it is away."""
    try:
        return await asked
    except AWAY:
        return None
