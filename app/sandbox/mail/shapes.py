"""Mails as Gmail's API shows them: minimal, metadata, full, raw."""

from email.message import EmailMessage
from typing import Any

from app.sandbox.mail.world import Mail, encoded

Json = dict[str, Any]


def tied(mail: Mail) -> Json:
    """What says which mail it is."""
    return {"id": mail.id, "threadId": mail.thread_id, "labelIds": mail.labels}


def shape(mail: Mail, format: str, headers: list[str] | None = None) -> Json:
    told = tied(mail) | {
        "snippet": _snippet(mail.message), "historyId": str(mail.history_id), "internalDate": str(int(mail.at * 1000)),
        "sizeEstimate": len(mail.bytes),
    }  # fmt: skip
    if format == "raw":
        return told | {"raw": mail.raw}
    if format == "minimal":
        return told
    wanted = {one.lower() for one in headers or []} if format == "metadata" else set()
    payload = _part(mail.message, "", bodies=format != "metadata")
    if wanted:
        payload["headers"] = [one for one in payload["headers"] if one["name"].lower() in wanted]
    return told | {"payload": payload}


def _part(message: EmailMessage, part_id: str, *, bodies: bool) -> Json:
    told: Json = {
        "partId": part_id, "mimeType": message.get_content_type(), "filename": message.get_filename() or "",
        "headers": [{"name": name, "value": str(value)} for name, value in message.items()],
    }  # fmt: skip
    if not bodies:
        return told
    if message.is_multipart():
        parts: Any = message.iter_parts()
        prefix = f"{part_id}." if part_id else ""
        told["parts"] = [_part(one, f"{prefix}{number}", bodies=True) for number, one in enumerate(parts)]
        told["body"] = {"size": 0}
    else:
        content: Any = message.get_payload(decode=True) or b""
        told["body"] = {"size": len(content), "data": encoded(content)}
    return told


def _snippet(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    try:
        text = body.get_content() if body else ""
    except (LookupError, ValueError):
        text = ""
    return " ".join(str(text).split())[:200]
