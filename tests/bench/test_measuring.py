"""The measuring itself: a wrong ruler passes everything."""

import json

import pytest

from tests.bench.__main__ import asked
from tests.bench.clocks import Ear, Question
from tests.bench.recording import data_of
from tests.bench.rounds import OURS, Bound, Line, interleave, table
from tests.bench.rows.streams import search
from tests.stub_orders import order_of


def ear_that_heard(*pieces: bytes) -> Ear:
    ear = Ear(b"done7", posted=10_000_000_000, newest=10_000_000_000)
    for piece in pieces:
        ear.hear(piece)
    return ear


def test_a_token_counts_once_however_often_its_paragraph_is_sent_again() -> None:
    ear = ear_that_heard(
        b"data: <p>t9999999999 r10000000100 t10000000200", b" </p>\n\n", b"data: <p>t10000000200 t10000000300</p>\n\n"
    )
    assert [sent for sent, _ in ear.tokens] == [10_000_000_200, 10_000_000_300]
    assert ear.received == 10_000_000_100


def test_the_model_s_own_time_is_no_overhead() -> None:
    ear = Ear(b"", posted=0, received=1_000_000, tokens=[(51_000_000, 53_000_000)])
    assert ear.overhead_ms == 3


def test_the_end_is_heard_whichever_way_it_is_cut() -> None:
    ear = Ear(b"done7", close=False)
    for piece in (b"data: do", b"n", b"e7\n\n"):
        ear.hear(piece)
    assert ear.ended.is_set()


def test_a_question_does_not_hold_its_own_end_mark() -> None:
    question = Question("tokens=3 text=time")
    assert question.mark.decode() not in question.text
    assert order_of(json.loads(json.dumps({"messages": [{"role": "user", "content": question.text}]}))).tokens == 3


@pytest.mark.parametrize(("ours", "verdict"), [(3.0, "pass, aim met"), (5.0, "pass"), (7.0, "FAIL")])
def test_a_ratio_is_judged_by_medians(ours: float, verdict: str) -> None:
    bound = Bound(0.6, 0.4, "Chainlit")
    line = Line(20, "overhead", "ms", {OURS: [ours, ours, 99], "Chainlit": [10, 10, 1]}, (bound,))
    assert line.verdict(bound) == verdict
    assert verdict in table([line])


def test_what_was_not_measured_is_not_passed() -> None:
    line = Line(23, "streams", "", {"Chainlit": [10]}, (Bound(2, 5, "Chainlit", at_least=True),))
    assert line.verdict(line.bounds[0]) == "-"


async def test_each_round_begins_with_another_subject() -> None:
    order = []

    def subject(name: str):  # type: ignore[no-untyped-def]
        async def measure() -> float:
            order.append(name)
            return 1.0

        return measure

    assert await interleave(2, {"a": subject("a"), "b": subject("b")}) == {"a": [1, 1], "b": [1, 1]}
    assert order == ["a", "b", "b", "a"]


@pytest.mark.parametrize(("limit", "found"), [(1000, 400), (25, 25), (9, 7), (0, 0)])
async def test_the_search_ends_near_the_limit(limit: int, found: int) -> None:
    async def smooth(number: int) -> bool:
        return number <= limit

    assert await search(smooth) == found


def test_a_recorded_frame_is_the_event_alone() -> None:
    assert data_of(b"1a3\r\nid: 4\ndata: <p>x</p>") == b"id: 4\ndata: <p>x</p>\n\n"


def test_without_words_all_rows_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["bench"])
    assert asked().rows == []
    monkeypatch.setattr("sys.argv", ["bench", "20", "--quick"])
    assert asked().rows == [20]
    monkeypatch.setattr("sys.argv", ["bench", "99"])
    with pytest.raises(SystemExit):
        asked()
