"""Gmail's API: what each method does with a mailbox (developers.google.com/workspace/gmail/api/reference/rest)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.sandbox.mail.office import Office
from app.sandbox.mail.searching import found
from app.sandbox.mail.shapes import shape, tied
from app.sandbox.mail.world import DRAFT, Mail, Mailbox, Token, decoded, headers, new_id, recipients

Json = dict[str, Any]
FULL = "https://mail.google.com/"
SCOPE = "https://www.googleapis.com/auth/gmail."
READ = (f"{SCOPE}readonly", f"{SCOPE}modify", FULL)
MODIFY, SEND, COMPOSE = (
    (f"{SCOPE}modify", FULL),
    (f"{SCOPE}send", f"{SCOPE}compose", *READ[1:]),
    (f"{SCOPE}compose", *READ[1:]),
)
PAGE, MOST = 100, 500
LINES = {
    "messageAdded": "messagesAdded", "messageDeleted": "messagesDeleted", "labelAdded": "labelsAdded",
    "labelRemoved": "labelsRemoved",
}  # fmt: skip
WEEK_SECONDS = 7 * 24 * 3600


class Wrong(Exception):
    """An answer that is an error, as Google words it."""

    def __init__(self, status: int, reason: str, message: str, state: str = "") -> None:
        super().__init__(message)
        self.status, self.reason, self.state = status, reason, state


@dataclass
class Call:
    """One call: `path` and `query` by their names, lists in a query as lists."""

    office: Office
    box: Mailbox
    token: Token
    path: dict[str, str]
    query: dict[str, list[str]]
    body: Json

    def one(self, name: str, otherwise: str = "") -> str:
        return (self.query.get(name) or [otherwise])[0]

    def mail(self, mail_id: str | None = None) -> Mail:
        mail = self.box.mails.get(self.path["id"] if mail_id is None else mail_id)
        if mail is None:
            raise Wrong(404, "notFound", "Requested entity was not found.", "NOT_FOUND")
        return mail


class Method(NamedTuple):
    do: Callable[[Call], Awaitable[Json]]
    scopes: tuple[str, ...]


async def profile(call: Call) -> Json:
    threads = {mail.thread_id for mail in call.box.mails.values()}
    told = {"messagesTotal": len(call.box.mails), "threadsTotal": len(threads), "historyId": str(call.box.history_id)}
    return {"emailAddress": call.box.address} | told


async def create_draft(call: Call) -> Json:
    raw, thread = _written(call.body.get("message") or {})
    draft_id, mail = f"r{new_id()}", call.box.add(raw, [DRAFT], call.office.now(), thread)
    call.box.drafts[draft_id] = mail.id
    call.office.changed()
    return {"id": draft_id, "message": tied(mail)}


async def send_draft(call: Call) -> Json:
    mail = call.mail(call.box.drafts.get(str(call.body.get("id")), ""))
    raw, thread = mail.bytes, mail.thread_id
    _check_recipients(raw)
    del call.box.drafts[str(call.body["id"])]
    call.box.remove(mail)
    kept = thread if any(one.thread_id == thread for one in call.box.mails.values()) else ""
    return tied(call.office.send(call.box, raw, kept))


async def delete_draft(call: Call) -> Json:
    mail = call.mail(call.box.drafts.pop(call.path["id"], ""))
    call.box.remove(mail)
    return {}


async def get_draft(call: Call) -> Json:
    return {"id": call.path["id"], "message": shape(call.mail(call.box.drafts.get(call.path["id"], "")), call.one("format"))}


async def list_drafts(call: Call) -> Json:
    drafts = [(key, call.box.mails[mail_id]) for key, mail_id in call.box.drafts.items()]
    kept = [{"id": key, "message": tied(mail)} for key, mail in drafts if found(mail, call.one("q"))]
    return _page(call, "drafts", kept)


async def send(call: Call) -> Json:
    raw, thread = _written(call.body)
    _check_recipients(raw)
    return tied(call.office.send(call.box, raw, thread))


async def list_messages(call: Call) -> Json:
    labels = set(call.query.get("labelIds", []))
    there = sorted(call.box.mails.values(), key=lambda mail: -mail.at)
    kept = [tied(mail) for mail in there if labels <= set(mail.labels) and found(mail, call.one("q"))]
    return _page(call, "messages", [{"id": one["id"], "threadId": one["threadId"]} for one in kept])


async def get_message(call: Call) -> Json:
    return shape(call.mail(), call.one("format", "full"), call.query.get("metadataHeaders", []))


async def modify(call: Call) -> Json:
    mail = call.mail()
    call.box.label(mail, call.body.get("addLabelIds") or [], call.body.get("removeLabelIds") or [])
    call.office.changed()
    return tied(mail)


async def get_thread(call: Call) -> Json:
    mails = [mail for mail in call.box.mails.values() if mail.thread_id == call.path["id"]]
    if not mails:
        raise Wrong(404, "notFound", "Requested entity was not found.", "NOT_FOUND")
    shown = [shape(mail, call.one("format", "full"), call.query.get("metadataHeaders", [])) for mail in mails]
    return {"id": call.path["id"], "historyId": str(max(mail.history_id for mail in mails)), "messages": shown}


async def history(call: Call) -> Json:
    """What has changed since; 404 where that is so long ago that it isn't known any more."""
    start = call.one("startHistoryId")
    if not start.isdigit():
        raise Wrong(400, "invalidArgument", "Missing startHistoryId", "INVALID_ARGUMENT")
    if int(start) < call.box.forgotten:
        raise Wrong(404, "notFound", "Requested entity was not found.", "NOT_FOUND")
    kinds, label = call.query.get("historyTypes", []), call.one("labelId")
    lines = []
    for one in call.box.history:
        mail = call.box.mails.get(one.mail_id)
        labelled = mail.labels if mail else one.labels
        if one.id <= int(start) or (kinds and one.kind not in kinds) or (label and label not in labelled):
            continue
        told: Json = {"message": {"id": one.mail_id, "threadId": one.thread_id, "labelIds": labelled}}
        if one.kind.startswith("label"):
            told["labelIds"] = one.labels
        lines.append(
            {"id": str(one.id), "messages": [{"id": one.mail_id, "threadId": one.thread_id}], LINES[one.kind]: [told]}
        )
    return _page(call, "history", lines) | {"historyId": str(call.box.history_id)}


async def watch(call: Call) -> Json:
    if not call.body.get("topicName"):
        raise Wrong(400, "invalidArgument", "Missing topicName", "INVALID_ARGUMENT")
    call.office.world.watched_until = call.office.now() + WEEK_SECONDS
    call.office.changed()
    return {"historyId": str(call.box.history_id), "expiration": str(int((call.office.now() + WEEK_SECONDS) * 1000))}


async def nothing(call: Call) -> Json:
    return {}


async def labels(call: Call) -> Json:
    names = ("INBOX", "SENT", "DRAFT", "UNREAD", "SPAM", "TRASH", "STARRED", "IMPORTANT")
    return {"labels": [{"id": name, "name": name, "type": "system"} for name in names]}


METHODS: dict[tuple[str, str], Method] = {
    ("GET", "profile"): Method(profile, (*READ, f"{SCOPE}compose")),
    ("POST", "drafts"): Method(create_draft, COMPOSE),
    ("GET", "drafts"): Method(list_drafts, (*READ, f"{SCOPE}compose")),
    ("POST", "drafts/send"): Method(send_draft, COMPOSE),
    ("GET", "drafts/{id}"): Method(get_draft, (*READ, f"{SCOPE}compose")),
    ("DELETE", "drafts/{id}"): Method(delete_draft, COMPOSE),
    ("POST", "messages/send"): Method(send, SEND),
    ("GET", "messages"): Method(list_messages, READ),
    ("GET", "messages/{id}"): Method(get_message, READ),
    ("POST", "messages/{id}/modify"): Method(modify, MODIFY),
    ("GET", "threads/{id}"): Method(get_thread, READ),
    ("GET", "history"): Method(history, READ),
    ("GET", "labels"): Method(labels, READ),
    ("POST", "watch"): Method(watch, READ),
    ("POST", "stop"): Method(nothing, READ),
}


def _written(given: Json) -> tuple[bytes, str]:
    """The mail that a body holds, and the thread that it names."""
    try:
        raw = decoded(str(given["raw"]))
    except (KeyError, ValueError) as error:
        raise Wrong(400, "invalidArgument", "'raw' RFC822 payload message string or uploading message required") from error
    return raw, str(given.get("threadId") or "")


def _check_recipients(raw: bytes) -> None:
    if not recipients(headers(raw)):
        raise Wrong(400, "invalidArgument", "Recipient address required", "INVALID_ARGUMENT")


def _page(call: Call, name: str, rows: list[Json]) -> Json:
    """So many of the rows as are asked for, and where to go on."""
    size = min(int(call.one("maxResults", str(PAGE))), MOST)
    start = int(call.one("pageToken", "0"))
    told: Json = {"resultSizeEstimate": len(rows)} if name != "history" else {}
    if shown := rows[start : start + size]:
        told[name] = shown
    if len(rows) > start + size:
        told["nextPageToken"] = str(start + size)
    return told
