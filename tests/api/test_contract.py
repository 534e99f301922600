"""The OpenAPI document agrees with what others were told that they may rely on, and the answers agree with both."""

import re
from typing import Any

import pytest

from tests.api.routes import api_routes
from tests.browsing import Browser
from tests.programs import Program

SESSION = {"id", "title", "status", "channel", "agent", "last_seq", "created_at"}
ENTRY = {"id", "seq", "type", "status", "author", "channel", "text", "created_at"}
PAGED = {"after", "limit"}
REQUEST = {
    "id", "code", "status", "batch", "session_id", "asked_by", "to", "needed", "type", "question", "options", "context",
    "urgency", "sensitive", "deadline", "default", "created_at", "settled_at", "outcome", "responses",
}  # fmt: skip
ASKED = {
    "to", "needed", "session_id", "type", "question", "options", "context", "urgency", "deadline", "default", "channels",
    "webhook", "sensitive",
}  # fmt: skip
CHANNEL = {"id", "type", "address", "status", "position", "last_error"}
CHANNELS = {"items", "next", "quiet_hours", "time_zone"}
TOLD: dict[str, tuple[str, set[str], set[str], set[str]]] = {
    "POST /api/sessions": ("201", set(), {"title"}, SESSION),
    "GET /api/sessions": ("200", PAGED, set(), {"items", "next"}),
    "GET /api/sessions/{session_id}": ("200", set(), set(), SESSION),
    "PATCH /api/sessions/{session_id}": ("200", set(), {"title"}, SESSION),
    "DELETE /api/sessions/{session_id}": ("204", set(), set(), set()),
    "POST /api/sessions/{session_id}/messages": ("202", set(), {"text", "client_id"}, ENTRY),
    "GET /api/sessions/{session_id}/messages": ("200", PAGED, set(), {"items", "next"}),
    "POST /api/sessions/{session_id}/messages/{message_id}/request": ("201", set(), set(), REQUEST),
    "POST /api/sessions/{session_id}/stop": ("202", set(), set(), SESSION),
    "PUT /api/sessions/{session_id}/channel": ("200", set(), {"type"}, SESSION),
    "GET /api/sessions/{session_id}/events": ("200", {"after"}, set(), set()),
    "POST /api/feedback": ("201", set(), ASKED, REQUEST),
    "POST /api/feedback/batch": ("201", set(), {"requests"}, {"batch", "requests"}),
    "GET /api/feedback": ("200", PAGED | {"status", "batch"}, set(), {"items", "next"}),
    "GET /api/feedback/{request_id}": ("200", {"wait"}, set(), REQUEST),
    "DELETE /api/feedback/{request_id}": ("204", set(), set(), set()),
    "POST /api/feedback/{request_id}/response": (
        "201",
        set(),
        {"value", "comment"},
        {"user", "name", "channel", "value", "comment", "at"},
    ),
    "POST /api/feedback/{request_id}/delegation": ("201", set(), {"to"}, REQUEST),
    "GET /api/feedback/{request_id}/timeline": ("200", set(), set(), {"items", "next"}),
    "GET /api/channels": ("200", set(), set(), CHANNELS),
    "POST /api/channels": ("201", set(), {"type", "address"}, CHANNEL),
    "PUT /api/channels": ("200", set(), {"order", "quiet_hours", "time_zone"}, CHANNELS),
    "DELETE /api/channels/{channel_id}": ("204", set(), set(), set()),
    "POST /api/channels/{channel_id}/test": ("202", set(), set(), CHANNEL),
}
"""Of each: the status when it goes well, what stands in the query, in the body, and in the answer."""
CHOICES = {
    "SessionStatus": {"active", "waiting", "closed"},
    "AgentStatus": {"idle", "queued", "thinking", "responding", "waiting", "failed"},
    "ChannelType": {"web", "slack", "email"},
    "MessageType": {"text", "feedback_request", "feedback_response", "notice"},
    "MessageStatus": {"queued", "streaming", "complete", "stopped", "failed"},
    "Author": {"person", "agent", "system"},
    "FeedbackType": {"approval", "choice", "multiple_choice", "text", "rating"},
    "FeedbackStatus": {"open", "answered", "expired", "withdrawn"},
    "ChannelStatus": {"active", "failing", "disconnected", "off"},
}
ANY = ("/api", "/api/{path:path}")
"""The addresses that are none."""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


async def document(program: Program) -> Any:
    return (await program.get("/schema/openapi.json")).json()


def operations(told: Any) -> dict[str, Any]:
    return {f"{method.upper()} {path}": one for path, item in told["paths"].items() for method, one in item.items()}


def fields_of(told: Any, holder: Any) -> set[str]:
    """The names of what a body or an answer holds."""
    schema = holder.get("content", {}).get("application/json", {}).get("schema", {})
    names = re.findall(r"#/components/schemas/(\w+)", str(schema))
    return {name for shape in names for name in told["components"]["schemas"][shape]["properties"]}


@pytest.mark.parametrize("what", TOLD)
async def test_an_operation_takes_and_answers_what_was_said(program: Program, what: str) -> None:
    told = await document(program)
    one = operations(told)[what]
    status, query, body, answer = TOLD[what]
    assert [found for found in one["responses"] if found < "400"] == [status]
    assert {each["name"] for each in one.get("parameters", []) if each["in"] == "query"} == query
    assert fields_of(told, one.get("requestBody", {})) == body
    assert fields_of(told, one["responses"][status]) == answer
    named = {each["name"] for each in one.get("parameters", []) if each["in"] == "header"}
    assert named == ({"Idempotency-Key"} if what.startswith("POST") else set())


async def test_it_names_every_route_and_how_each_may_be_refused(program: Program) -> None:
    told = await document(program)
    found = operations(told)
    assert {name for name in found if "/api/" in name and "/api/webhooks" not in name} == set(TOLD)
    routes = {f"{method} {re.sub(r':[a-z]+}', '}', path)}" for method, path in api_routes() if path not in ANY}
    assert {name for name in found if "/api/" in name} == routes
    for name in routes:
        one = found[name]
        refusals = {status: answer for status, answer in one["responses"].items() if status >= "400"}
        assert set(refusals) >= {"401", "403", "429", "503"}, name
        assert ("404" in refusals) >= ("{" in name), name
        assert ("requestBody" in one) <= (set(refusals) >= {"400", "413", "422"}), name
        assert {kind for answer in refusals.values() for kind in answer["content"]} == {"application/problem+json"}, name
        assert one["security"] == [{"token": []}], name
        assert one["summary"], name


@pytest.mark.parametrize("name", CHOICES)
async def test_choices_are_those_that_were_named(program: Program, name: str) -> None:
    assert set((await document(program))["components"]["schemas"][name]["enum"]) == CHOICES[name]


async def test_times_are_utc_and_say_so(program: Program) -> None:
    path = await program.open()
    said = await program.say(path, "hello")
    items = (await program.get(f"{path}/messages")).json()["items"]
    shown, listed = (await program.get(path)).json(), (await program.get("/api/sessions")).json()["items"]
    for one in (said, shown, *items, *listed):
        assert TIME.fullmatch(one["created_at"]), one


async def test_head_is_get_without_its_body_and_options_names_the_methods(program: Program) -> None:
    path = await program.open()
    for where in ("/api/sessions", path, f"{path}/messages"):
        shown, headed = await program.get(where), await program.client.head(where)
        assert (headed.status_code, headed.content) == (200, b"")
        assert headed.headers["content-length"] == shown.headers["content-length"]
    for where, allowed in (
        ("/api/sessions", {"GET", "HEAD", "POST"}), (path, {"GET", "HEAD", "PATCH", "DELETE"}), (f"{path}/stop", {"POST"}),
        (f"{path}/events", {"GET"}), (f"{path}/socket", set()), ("/chat", {"GET", "HEAD", "POST"}),
    ):  # fmt: skip
        options, wrong = await program.client.options(where), await program.client.request("PROPFIND", where)
        assert (options.status_code, options.content, wrong.status_code) == (204, b"", 405), where
        for answer in (options, wrong):
            assert {name for name in answer.headers["allow"].split(", ") if name} - {"OPTIONS"} == allowed, where
    assert (await program.client.head(f"{path}/events")).status_code == 405, "a stream has no end"


async def test_the_page_shows_every_operation(server: str, program: Program) -> None:
    told = await document(program)
    async with Browser(server) as stranger:
        shown = (await stranger.get("/schema")).text
    for name, one in operations(told).items():
        assert f'id="{one["operationId"]}"' in shown, name
        assert name.split()[1] in shown
