"""A request in Slack: shown whole, answered by a click or in a window, and closed when it is settled."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from app.channels import slack_requests
from app.channels.slack_answers import Clicked, Submitted, read_action, read_view, value_of
from app.channels.slack_controls import answer_view
from app.channels.slack_home import home_view
from app.channels.slack_requests import confirm_message, notice_message, reminder_message, request_message
from app.domain.errors import Unfit
from app.domain.feedback_value import FeedbackType, fit_value
from tests.channels.slack_asked import ID, SEVERAL, URL, request
from tests.channels.slack_rules import Part, check_message, check_view, words


def shown(asked: dict[str, Any]) -> list[Part]:
    said = request_message(asked, "", URL)
    check_message(said)
    return said.blocks


def controls(blocks: list[Part], part: str = "answer") -> list[Part]:
    (block,) = [block for block in blocks if block.get("block_id") == f"parley:{part}:{ID}"]
    return list(block["elements"])


def clicked(element: Part, block: str = f"parley:answer:{ID}", **more: Any) -> dict[str, Any]:
    """What Slack posts when somebody uses a control."""
    done = {"type": element["type"], "action_id": element["action_id"], "block_id": block, "action_ts": "1.2"}
    if "value" in element:
        done["value"] = element["value"]
    return {"type": "block_actions", "user": {"id": "U1"}, "actions": [done | more.pop("done", {})], **more}


def answers(asked: dict[str, Any]) -> list[Any]:
    """What each button of a request answers."""
    buttons = [one for one in controls(shown(asked)) if one["action_id"].startswith("answer:")]
    read = [read_action(clicked(button)) for button in buttons]
    return [fit_value(FeedbackType(asked["type"]), asked["options"], value_of(asked, one.data)) for one in read if one]


def test_an_approval_is_answered_with_a_click() -> None:
    approve, reject = controls(shown(request()))
    assert (approve["text"]["text"], approve["style"]) == ("Approve", "primary")
    assert (reject["text"]["text"], reject["style"]) == ("Reject", "danger")
    assert answers(request()) == [True, False]


def test_a_card_says_who_asks_what_until_when_and_its_code() -> None:
    said = request_message(
        request(context="Because of *this*.", urgency="urgent", needed=2, deadline="2026-01-03T10:00:00Z", default=True),
        "",
        URL,
    )
    check_message(said)
    text = words(said.blocks)
    parts = ["*Ana* asks", "*Urgent*", "2 answers", "`K7F2`", "Ship it?", "Because of", "this", "Until <!date^1767434400^"]
    assert [part for part in parts if part not in text] == []
    assert "if nobody answers: yes" in text
    assert said.text == "Ana asks: [K7F2] Ship it?"


def test_a_few_choices_are_buttons_and_more_are_a_menu() -> None:
    assert answers(request("choice", options=["a", "b", "c"])) == ["a", "b", "c"]
    asked = request("choice", options=SEVERAL)
    (menu,) = controls(shown(asked))
    assert menu["type"] == "static_select"
    read = read_action(clicked(menu, done={"selected_option": menu["options"][7]}))
    assert read is not None
    assert value_of(asked, read.data) == "Option 7"


def test_boxes_are_ticked_and_then_sent() -> None:
    asked = request("multiple_choice", options=SEVERAL[:10])
    boxes, send = controls(shown(asked))
    chosen = {"type": "checkboxes", "selected_options": [boxes["options"][at] for at in (3, 1)]}
    state = {"state": {"values": {f"parley:answer:{ID}": {"choices": chosen}}}}
    assert read_action(clicked(boxes, done=chosen)) is None, "a tick alone is no answer"
    for payload in (clicked(send, **state), clicked(send, view=state)):
        read = read_action(payload)
        assert read == Clicked(UUID(ID), "answer", (3, 1))
        assert fit_value(FeedbackType.MULTIPLE_CHOICE, asked["options"], value_of(asked, read.data)) == [
            "Option 1",
            "Option 3",
        ]
    nothing = read_action(clicked(send))
    assert nothing is not None
    with pytest.raises(Unfit):
        fit_value(FeedbackType.MULTIPLE_CHOICE, asked["options"], value_of(asked, nothing.data))


@pytest.mark.parametrize("asked", [request("multiple_choice", options=SEVERAL), request("text")])
def test_what_is_more_than_a_click_opens_the_window(asked: dict[str, Any]) -> None:
    (opens,) = controls(shown(asked))
    assert read_action(clicked(opens)) == Clicked(UUID(ID), "open")


def test_a_rating_is_one_of_five_stars() -> None:
    assert answers(request("rating")) == [1, 2, 3, 4, 5]
    assert [star["text"]["text"] for star in controls(shown(request("rating")))] == ["★", "★★", "★★★", "★★★★", "★★★★★"]


@pytest.mark.parametrize("type", list(FeedbackType))
def test_every_request_can_be_answered_with_a_comment_or_on_the_page(type: FeedbackType) -> None:
    options = ["a", "b"] if "choice" in type else []
    comment, page = controls(shown(request(type, options=options)), "more")
    assert comment["text"]["text"] == "Answer with a comment"
    assert read_action(clicked(comment, f"parley:more:{ID}")) == Clicked(UUID(ID), "open")
    assert page["url"] == URL
    assert read_action(clicked(page, f"parley:more:{ID}")) is None


def test_options_too_long_for_a_button_are_listed_whole() -> None:
    long = ["A way " + "that is long " * 14, "B"]
    text = words(shown(request("choice", options=long)))
    assert long[0] in text
    assert answers(request("choice", options=long)) == long
    assert long[0] in words(answer_view(request("choice", options=long), "")["blocks"])


def test_a_long_context_is_shortened_with_a_link_to_the_rest() -> None:
    text = words(shown(request(context="word " * 4_000 + "\n\n| a |\n|---|")))
    assert 1_000 < len(text) < 6_000
    assert f"<{URL}|Read all of it in Parley>" in text


@pytest.mark.parametrize(("status", "mark"), [("answered", "✓"), ("open", "⏳")])
def test_a_settled_request_shows_how_it_ended_and_nothing_to_click(status: str, mark: str) -> None:
    asked = request("choice", options=["a", "b"], status=status, settled_at="2026-01-02T10:02:00Z", context="Why")
    said = request_message(asked, "“a” by Ann via Slack.", URL)
    check_message(said)
    assert not [block for block in said.blocks if block["type"] == "actions"]
    text = words(said.blocks)
    assert "Ship it?" in text
    assert f"{mark} “a” by Ann via Slack." in text
    assert "<!date^1767348120^" in text
    assert "K7F2" in text
    assert said.text.startswith("“a” by Ann via Slack.")


@pytest.mark.parametrize(
    ("asked", "field", "value"),
    [
        (request(), {"type": "radio_buttons", "selected_option": {"value": "0"}}, False),
        (request("choice", options=["a", "b"]), {"type": "radio_buttons", "selected_option": {"value": "1"}}, "b"),
        (request("choice", options=SEVERAL), {"type": "static_select", "selected_option": {"value": "11"}}, "Option 11"),
        (
            request("multiple_choice", options=["a", "b"]),
            {"type": "checkboxes", "selected_options": [{"value": "1"}]},
            ["b"],
        ),
        (
            request("multiple_choice", options=SEVERAL),
            {"type": "multi_static_select", "selected_options": [{"value": "0"}, {"value": "10"}]},
            ["Option 0", "Option 10"],
        ),
        (request("text"), {"type": "plain_text_input", "value": "17"}, "17"),
        (request("rating"), {"type": "radio_buttons", "selected_option": {"value": "4"}}, 4),
    ],
)
def test_the_window_has_the_right_field_and_its_answer_comes_back(asked: Part, field: Part, value: Any) -> None:
    view = answer_view(asked, "where it came from")
    check_view(view)
    answer, comment = [block for block in view["blocks"] if block["type"] == "input"]
    assert answer["element"]["type"] == field["type"]
    assert comment["optional"]
    offered = {option["value"] for option in answer["element"].get("options", [])}
    chosen = [field["selected_option"]] if "selected_option" in field else field.get("selected_options", [])
    assert {option["value"] for option in chosen} <= offered
    values = {"answer": {"answer": field}, "comment": {"comment": {"type": "plain_text_input", "value": "so"}}}
    read = read_view({"type": "view_submission", "view": view | {"state": {"values": values}}})
    assert read is not None
    assert (read.request_id, read.private, read.comment) == (UUID(ID), "where it came from", "so")
    assert fit_value(FeedbackType(asked["type"]), asked["options"], value_of(asked, read.data)) == value


def test_a_window_without_a_comment_is_an_answer() -> None:
    values = {"answer": {"answer": {"type": "plain_text_input", "value": "x"}}, "comment": {"comment": {"value": None}}}
    view = answer_view(request("text"), "") | {"state": {"values": values}}
    assert read_view({"type": "view_submission", "view": view}) == Submitted(UUID(ID), "", "x", "")


@pytest.mark.parametrize("data", [(), (7,), (2,), (0, 1), "text", (0, 99)])
def test_an_answer_that_the_request_does_not_have_fits_nowhere(data: Any) -> None:
    for asked in (request(), request("choice", options=["a", "b"])):
        assert value_of(asked, data) is None
    with pytest.raises(Unfit):
        fit_value(FeedbackType.RATING, [], value_of(request("rating"), data if data != (2,) else (0,)))


def test_the_home_shows_what_waits_and_how_its_reader_is_reached() -> None:
    view = home_view(
        [request(), request("text", id=str(uuid4()))], ["slack", "email", "web"], "22:00 to 07:00", "https://p.example"
    )
    check_view(view)
    text = words(view["blocks"])
    assert text.count("Ship it?") == 2
    assert "First in Slack, then by e-mail, then on the page." in text
    assert "Quiet hours: 22:00 to 07:00" in text
    assert read_action(clicked(controls(view["blocks"])[0])) == Clicked(UUID(ID), "answer", (1,))
    links = [
        one["url"] for block in view["blocks"] if block["type"] == "actions" for one in block["elements"] if "url" in one
    ]
    assert "https://p.example/channels#quiet" in links


def test_an_empty_home_and_a_full_one() -> None:
    empty = home_view([], [], "", "https://p.example")
    check_view(empty)
    assert "Nothing waits for you." in words(empty["blocks"])
    many = home_view([request(id=str(uuid4())) for _ in range(200)], ["web"], "", "https://p.example")
    check_view(many)
    assert "more wait in Parley." in words(many["blocks"])


def test_notes_reminders_tests_and_confirmations() -> None:
    note = notice_message({"from": "Ben", "text": "The build is <green> & done"})
    assert note.text == "Ben: The build is &lt;green&gt; &amp; done"
    reminder = reminder_message(request(deadline="2026-01-03T10:00:00Z"), URL)
    assert "K7F2" in words(reminder.blocks)
    assert "[K7F2] Ship it?" in reminder.text
    for said in (note, reminder, slack_requests.test_message(), confirm_message("https://p.example/channels/confirm/x")):
        check_message(said)
