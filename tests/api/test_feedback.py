"""Programs ask people, wait for their answers, answer themselves, and hand on."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from app.clock import iso, now, shift
from app.database import sql
from app.domain.feedback_recipient import FeedbackRecipient
from app.domain.user import User
from tests.api.asking import SHIP, answer_to, ask
from tests.browsing import Browser
from tests.channels.engine import at_rest, reached_by, work_until
from tests.channels.fickle import Fickle
from tests.conftest import person
from tests.programs import Program


async def test_ana_asks_ben_and_reads_his_answer(program: Program, bens: Program) -> None:
    deadline = now() + timedelta(days=1)
    asked = await ask(
        program, to="BEN@example.com", context="All **green**.", urgency="urgent", deadline=iso(deadline), default=False
    )
    assert (asked["status"], asked["type"], asked["asked_by"], asked["urgency"]) == ("open", "approval", "Ana", "urgent")
    assert (asked["default"], asked["deadline"], asked["settled_at"]) == (False, iso(deadline), None)
    assert len(asked["code"]) == 4
    assert asked["to"] == [{"user": str(bens.user.id), "name": "Ben", "delegated_to": None}]
    assert (asked["outcome"], asked["responses"]) == ("", [])
    path = f"/api/feedback/{asked['id']}"
    assert (await bens.get(path)).json() == asked
    given = await answer_to(bens, asked, True, comment="Looks good")
    assert (given.status_code, given.json()["value"], given.json()["channel"]) == (201, True, "api")
    settled = (await program.get(path)).json()
    assert (settled["status"], settled["outcome"]) == ("answered", "Approved by Ben via the API: Looks good.")
    assert settled["responses"] == [given.json()]
    assert settled["settled_at"].endswith("Z")
    told = (await program.get(f"{path}/timeline")).json()
    assert [one["what"] for one in told["items"]][-1] == "answered"
    assert told["next"] is None


@pytest.mark.parametrize(
    ("question", "fits", "does_not"),
    [
        ({"type": "choice", "options": ["Mon", "Fri"]}, "Fri", "Sun"),
        ({"type": "multiple_choice", "options": ["Ana", "Ben"]}, ["Ben"], []),
        ({"type": "text", "context": "x" * 20_480}, "Hello", " "),
        ({"type": "rating"}, 5, 6),
        ({"type": "approval"}, False, "yes"),
    ],
)
async def test_every_type_takes_what_fits_and_nothing_else(
    program: Program, question: dict[str, Any], fits: object, does_not: object
) -> None:
    asked = await ask(program, **question)
    assert asked["to"][0]["name"] == "Ana", "who names nobody asks themselves"
    refused = await answer_to(program, asked, does_not)
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert (await answer_to(program, asked, fits, comment="x" * 10_001)).status_code == 422
    assert (await answer_to(program, asked, fits)).json()["value"] == fits
    assert (await program.get(f"/api/feedback/{asked['id']}")).json()["responses"][0]["value"] == fits


@pytest.mark.parametrize(
    "wrong",
    [{"to": "nobody@example.com"}, {"to": str(uuid4())}, {"to": []}, {"needed": 2}, {"needed": 0}, {"type": "choice"},
     {"type": "haiku"}, {"question": " "}, {"deadline": "2020-01-01T00:00:00Z"}, {"deadline": "2090-01-01T00:00:00"},
     {"default": True}, {"options": ["a", "b"]}, {"channels": ["pigeon"]}, {"context": "x" * 20_481}, {"to": "a\0b"},
     {"webhook": "ftp://example.com"}, {"webhook": "https://127.0.0.1/x"}],
)  # fmt: skip
async def test_what_can_not_be_asked_is_refused_and_leaves_nothing(program: Program, wrong: dict[str, Any]) -> None:
    refused = await program.post("/api/feedback", {**SHIP, **wrong})
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json"), refused.text
    assert (await program.get("/api/feedback")).json() == {"items": [], "next": None}
    assert (await sql("SELECT count(*) FROM chat_sessions"))[0][0] == 0


async def test_it_is_asked_in_a_conversation_of_the_callers_own_only(program: Program, bens: Program) -> None:
    mine, bens_own = await program.open(), await bens.open()
    asked = await ask(program, to="ben@example.com", session_id=mine.rpartition("/")[2])
    assert asked["session_id"] == mine.rpartition("/")[2]
    (entry,) = (await program.get(f"{mine}/messages")).json()["items"]
    assert (entry["type"], entry["text"]) == ("feedback_request", "Shall we ship?")
    foreign = await program.post("/api/feedback", {**SHIP, "session_id": bens_own.rpartition("/")[2]})
    assert foreign.status_code == 404
    assert (await bens.get(f"{mine}/messages")).status_code == 404, "who is asked sees the request, not the log"


async def test_what_is_another_persons_looks_like_what_does_not_exist(program: Program, bens: Program) -> None:
    asked = await ask(program)
    for method, more, body in [
        ("GET", "", None), ("GET", "/timeline", None), ("POST", "/response", {"value": True}), ("DELETE", "", None),
        ("POST", "/response", {"value": "no answer"}), ("POST", "/delegation", {"to": "ben@example.com"}),
    ]:  # fmt: skip
        answers = [
            await bens.client.request(method, f"/api/feedback/{id}{more}", json=body) for id in (asked["id"], uuid4())
        ]
        assert [answer.status_code for answer in answers] == [404, 404], (method, more)
        assert answers[0].content == answers[1].content
    assert (await bens.get("/api/feedback")).json()["items"] == []


async def test_only_who_asked_can_withdraw_it_and_only_while_it_is_open(program: Program, bens: Program) -> None:
    asked = await ask(program, to="ben@example.com")
    path = f"/api/feedback/{asked['id']}"
    assert (await bens.client.delete(path)).status_code == 404
    assert (await program.client.delete(path)).status_code == 204
    assert (await program.get(path)).json()["outcome"] == "Withdrawn by the one who asked."
    again = await program.client.delete(path)
    assert (again.status_code, again.json()["outcome"]) == (409, "Withdrawn by the one who asked.")


async def test_who_is_late_is_told_who_answered_when_and_where(program: Program, bens: Program) -> None:
    asked = await ask(program, to=["ana@example.com", str(bens.user.id)])
    given = (await answer_to(bens, asked, False, comment="Not yet")).json()
    late = await answer_to(program, asked, True)
    assert (late.status_code, late.headers["content-type"]) == (409, "application/problem+json")
    assert late.json()["detail"] == "Rejected by Ben via the API: Not yet."
    assert late.json()["responses"] == [given]
    assert (await answer_to(bens, asked, True)).json()["responses"] == [given], "also for one's own second answer"


async def test_after_the_deadline_the_default_stands_and_an_answer_is_late(program: Program) -> None:
    asked = await ask(program, deadline=iso(now() + timedelta(hours=1)), default=True)
    shift(timedelta(hours=1, seconds=1))
    recipient = await FeedbackRecipient.one(asked["id"], program.user.id)
    await FeedbackRecipient.climb(recipient.id)
    async with Program(str(program.client.base_url), program.user) as later:
        expired = (await later.get(f"/api/feedback/{asked['id']}")).json()
        assert (expired["status"], expired["responses"]) == ("expired", [])
        assert expired["outcome"] == "Nobody answered in time; the default stands: yes."
        assert (await answer_to(later, asked, False)).json()["outcome"] == expired["outcome"]


async def test_a_quorum_settles_at_the_needed_answer_and_sways_nobody_before(program: Program, bens: Program) -> None:
    asked = await ask(program, to=["ana@example.com", "ben@example.com"], needed=2)
    await answer_to(bens, asked, True)
    open_still = (await program.get(f"/api/feedback/{asked['id']}")).json()
    assert (open_still["status"], open_still["outcome"], open_still["responses"]) == ("open", "", [])
    second = await answer_to(bens, asked, False)
    assert (second.status_code, [one["name"] for one in second.json()["responses"]]) == (409, ["Ben"])
    await answer_to(program, asked, False)
    settled = (await program.get(f"/api/feedback/{asked['id']}")).json()
    assert [(one["name"], one["value"]) for one in settled["responses"]] == [("Ben", True), ("Ana", False)]


async def test_a_list_comes_in_parts_by_status_newest_first(program: Program) -> None:
    asked = [await ask(program, question=f"Number {number}") for number in range(4)]
    await answer_to(program, asked[0], True)
    waiting = (await program.get("/api/feedback", status="open", limit=2)).json()
    assert [one["id"] for one in waiting["items"]] == [asked[3]["id"], asked[2]["id"]]
    rest = (await program.get("/api/feedback", status="open", limit=2, after=waiting["next"])).json()
    assert ([one["id"] for one in rest["items"]], rest["next"]) == ([asked[1]["id"]], None)
    assert [one["id"] for one in (await program.get("/api/feedback", status="answered")).json()["items"]] == [asked[0]["id"]]


async def test_asked_twice_with_one_key_it_is_asked_once(program: Program) -> None:
    answers = await asyncio.gather(*(program.post("/api/feedback", SHIP, Idempotency_Key="k") for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len((await program.get("/api/feedback")).json()["items"]) == 1
    path = f"/api/feedback/{answers[0].json()['id']}/response"
    given = await asyncio.gather(*(program.post(path, {"value": True}, Idempotency_Key="k") for _ in range(10)))
    assert {answer.status_code for answer in given} == {201}, "who repeats their own answer is not late"


async def test_a_batch_is_asked_whole_or_not_at_all(program: Program, bens: Program) -> None:
    both = [{**SHIP, "to": "ben@example.com"}, {"type": "rating", "question": "How is it?", "to": "ben@example.com"}]
    answer = await program.post("/api/feedback/batch", {"requests": both})
    assert answer.status_code == 201, answer.text
    batch = answer.json()
    assert {one["batch"] for one in batch["requests"]} == {batch["batch"]}
    assert len({one["session_id"] for one in batch["requests"]}) == 1, "they share a conversation"
    assert len((await bens.get("/api/feedback", batch=batch["batch"])).json()["items"]) == 2
    for wrong in ([], [*both, {"type": "choice", "question": "No options"}], [SHIP] * 51):
        refused = await program.post("/api/feedback/batch", {"requests": wrong})
        assert refused.status_code == 422
    assert len((await program.get("/api/feedback")).json()["items"]) == 2


async def test_the_inbox_shows_a_batch_together(server: str, program: Program, ana: User) -> None:
    await ask(program, question="Alone, and first")
    batch = [{**SHIP, "question": words} for words in ("Part one", "Part two")]
    await program.post("/api/feedback/batch", {"requests": batch})
    await ask(program, question="Alone, and urgent", urgency="urgent")
    async with Browser(server) as browser:
        await browser.enter(ana)
        page = (await browser.get("/feedback")).text
    places = [page.index(f">{words}<") for words in ("Alone, and urgent", "Alone, and first", "Part one", "Part two")]
    assert places == sorted(places)
    assert page.count('class="together"') == 1
    assert page.index('class="together"') < page.index(">Part one<")


async def test_a_place_is_handed_on_and_the_log_and_the_timeline_say_so(program: Program, bens: Program) -> None:
    cleo, slack = await person("Cleo"), Fickle()
    await reached_by(bens.user, slack=slack)
    await reached_by(cleo, slack=slack)
    asked = await ask(program, to=["ana@example.com", "ben@example.com"], needed=2)
    path = f"/api/feedback/{asked['id']}"
    await work_until(at_rest)
    assert [letter.address for letter in slack.of(asked["id"])] == ["slack of Ben"]
    handed = await bens.post(f"{path}/delegation", {"to": "cleo@example.com"})
    assert handed.status_code == 201, handed.text
    assert [(one["name"], one["delegated_to"]) for one in handed.json()["to"]] == [
        ("Ana", None), ("Ben", str(cleo.id)), ("Cleo", None),
    ]  # fmt: skip
    await work_until(at_rest)
    assert [letter.address for letter in slack.of(asked["id"])] == ["slack of Ben", "slack of Cleo"]
    (settled,) = [letter for letter in slack.copies.values() if letter.kind == "settle"]
    assert (settled.address, settled.outcome) == ("slack of Ben", "Handed on to Cleo.")
    refused = await answer_to(bens, asked, True)
    assert (refused.status_code, refused.json()["detail"]) == (409, "Handed on to Cleo.")
    log = (await program.get(f"/api/sessions/{asked['session_id']}/messages")).json()["items"]
    assert log[-1]["text"] == f"Ben handed {asked['code']} on to Cleo."
    told = (await bens.get(f"{path}/timeline")).json()["items"]
    assert [(one["person"], one["detail"]) for one in told if one["what"] == "handed on"] == [("Ben", "to Cleo")]
    async with Program(str(program.client.base_url), cleo) as cleos:
        assert (await answer_to(cleos, asked, True)).status_code == 201
    assert (await answer_to(program, asked, True)).status_code == 201
    await work_until(at_rest)
    ends = [letter.outcome for letter in slack.copies.values() if letter.kind == "settle"]
    assert ends.count((await program.get(path)).json()["outcome"]) == 2, "the copy that was handed on shows the end, too"


async def test_a_place_is_handed_on_only_by_who_has_one_to_who_has_none(program: Program, bens: Program) -> None:
    await person("Cleo")
    alone = await ask(program, to="ben@example.com")
    several = await ask(program, to=["ana@example.com", "ben@example.com"])
    for asked, to, status in [
        (alone, "cleo@example.com", 422), (several, "ana@example.com", 409), (several, "nobody@example.com", 422),
        (several, "ben@example.com", 409),
    ]:  # fmt: skip
        refused = await bens.post(f"/api/feedback/{asked['id']}/delegation", {"to": to})
        assert refused.status_code == status, refused.text
    await answer_to(program, several, True)
    late = await bens.post(f"/api/feedback/{several['id']}/delegation", {"to": "cleo@example.com"})
    assert (late.status_code, late.json()["responses"][0]["name"]) == (409, "Ana")
