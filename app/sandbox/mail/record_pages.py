"""For tests: what lies in the mailboxes and was called, the faults, the clock, and what Google takes back."""

import json
from typing import Any

from litestar import Request, Response, get, post

from app.sandbox.faults import Faults
from app.sandbox.mail.google import take_back
from app.sandbox.mail.office import Office
from app.sandbox.mail.world import SENT

AnyRequest = Request[Any, Any, Any]


@get("/sandbox/mail/record")
async def show_mail_record(request: AnyRequest) -> Response[bytes]:
    office: Office = request.app.state.mail
    boxes = {address: [one.model_dump() for one in box.mails.values()] for address, box in office.world.mailboxes.items()}
    return _json({"mailboxes": boxes, "faults": office.faults.model_dump(), "now": office.now()} | office.record.as_json())


@get("/sandbox/mail/sent")
async def show_sent(request: AnyRequest) -> Response[bytes]:
    """What Parley has sent, and when: its own mark of each mail."""
    office: Office = request.app.state.mail
    sent = [one for one in office.ours.mails.values() if SENT in one.labels]
    told = [{"at": one.at, "delivery": one.header("X-Parley-Delivery")} for one in sent]
    return _json({"sent": told, "calls": office.record.as_json()["calls"]})


@post("/sandbox/mail/faults", status_code=200)
async def order_mail_faults(request: AnyRequest) -> Response[bytes]:
    """Let calls go wrong from now on, as the JSON says; `{}` ends it."""
    office: Office = request.app.state.mail
    try:
        office.faults = Faults.model_validate_json(await request.body())
    except ValueError as error:
        return _json({"error": str(error)}, 422)
    return _json(office.faults.model_dump())


@post("/sandbox/mail/clock", status_code=200)
async def move_mail_clock(request: AnyRequest) -> Response[bytes]:
    """Move the clock by `shift_seconds` more."""
    office: Office = request.app.state.mail
    office.shift_seconds += float(json.loads(await request.body())["shift_seconds"])
    return _json({"now": office.now()})


@post("/sandbox/mail/take-back", status_code=200)
async def take_grant_back(request: AnyRequest) -> Response[bytes]:
    """All that was allowed for `address` ends."""
    office: Office = request.app.state.mail
    take_back(office, str(json.loads(await request.body())["address"]))
    return _json({})


def _json(told: dict[str, Any], status: int = 200) -> Response[bytes]:
    return Response(json.dumps(told).encode(), status_code=status, media_type="application/json")
