"""Whatever is asked, and whatever is posted to us, Slack takes what we make of it, and we what it is."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.channels.slack_answers import read_action, read_view, value_of
from app.channels.slack_controls import answer_view
from app.channels.slack_home import home_view
from app.channels.slack_requests import notice_message, reminder_message, request_message
from app.channels.slack_text import Said
from tests.channels.slack_asked import ID, LONG, REQUESTS, URL
from tests.channels.slack_rules import Part, check_message, check_view, words


@settings(derandomize=True, max_examples=100, deadline=None)
@given(REQUESTS, LONG)
def test_whatever_is_asked_makes_messages_and_views_that_slack_takes(asked: dict[str, Any], outcome: str) -> None:
    all_said: list[Said] = [
        request_message(asked, "", URL),
        request_message(asked, outcome, URL),
        reminder_message(asked, URL),
        notice_message({"from": asked["asked_by"], "text": asked["question"]}),
    ]
    for said in all_said:
        check_message(said)
        assert "K7F2" in words(said.blocks) or said is all_said[-1]
    check_view(answer_view(asked, "x" * 3_000))


@settings(derandomize=True, max_examples=30, deadline=None)
@given(
    st.lists(REQUESTS, max_size=12, unique_by=lambda one: str(one["id"])),
    st.lists(st.text(max_size=20)),
    st.text(max_size=50),
)
def test_whatever_waits_makes_a_home_that_slack_takes(asked: list[Part], channels: list[str], quiet: str) -> None:
    check_view(home_view(asked, channels, quiet, "https://p.example"))


NAMES = st.sampled_from(
    ["type", "actions", "block_id", "action_id", "value", "state", "values", "view", "answer", "comment", "callback_id",
     "private_metadata", "selected_option", "selected_options", "choices"]
)  # fmt: skip
VALUES = st.sampled_from(
    [
        "block_actions",
        "view_submission",
        f"parley:answer:{ID}",
        "send",
        "open:x",
        "answer:1",
        "button",
        "1",
        "-1",
        "１",
        "9999",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | VALUES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=6),
    max_leaves=30,
)
ACTIONS = st.fixed_dictionaries(
    {
        "type": st.just("block_actions"),
        "actions": st.lists(
            st.fixed_dictionaries(
                {"block_id": VALUES, "action_id": VALUES}, optional={"value": JSON, "selected_option": JSON}
            )
        ),
    },
    optional={"state": JSON, "view": JSON},
)
VIEWS = st.fixed_dictionaries(
    {
        "type": st.just("view_submission"),
        "view": st.fixed_dictionaries(
            {
                "callback_id": VALUES,
                "private_metadata": st.just("") | JSON,
                "state": st.fixed_dictionaries(
                    {"values": st.fixed_dictionaries({"answer": JSON}, optional={"comment": JSON})}
                ),
            }
        ),
    }
)


@settings(derandomize=True, max_examples=250, deadline=None)
@given(JSON | ACTIONS | VIEWS, REQUESTS)
def test_nothing_that_is_posted_here_can_break_the_reading(payload: Any, asked: dict[str, Any]) -> None:
    action, view = read_action(payload), read_view(payload)
    assert action is None or action.what in ("answer", "open")
    for read in (action, view):
        if read:
            value_of(asked, read.data)
