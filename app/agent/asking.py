"""Whether an answer is prose or a question to the person, and what it asks then."""

import re

from baml_py.errors import BamlError

from app.baml_client.sync_client import b
from app.baml_client.types import Ask
from app.domain.errors import Unfit
from app.domain.feedback_question import LONGEST_CONTEXT_BYTES, LONGEST_QUESTION, Question, Urgency
from app.domain.feedback_value import LONGEST_OPTION, MOST_OPTIONS, WITH_OPTIONS, FeedbackType

BEGINNINGS = [f'{fence}{{"{name}"' for fence in ("", "```json", "```") for name in Ask.model_fields]


class Opening:
    """The beginning of an answer, held back while it may be an Ask. Prose shows that it is none by its first letter, and
    goes through as it comes."""

    def __init__(self, *, prose: bool) -> None:
        self.held = ""
        self.prose = prose

    def let_through(self, piece: str) -> str:
        """What of the answer can be shown now that this has come."""
        if self.prose:
            return piece
        self.held += piece
        self.prose = not may_be_ask(self.held)
        return self.let_go() if self.prose else ""

    def let_go(self) -> str:
        """What was held back, which is prose after all."""
        held, self.held = self.held, ""
        return held


def may_be_ask(text: str) -> bool:
    """Whether this can be the beginning of an Ask, as a model writes it: alone, or fenced as code."""
    begun = re.sub(r"\s", "", text.lstrip()[:200])
    return any(beginning.startswith(begun) or begun.startswith(beginning) for beginning in BEGINNINGS)


def question_of(answer: str) -> Question | None:
    """What a whole answer asks, mended where a model is careless; None if it is prose, or can't be asked."""
    try:
        ask = b.parse.Respond(answer)
        if not isinstance(ask, Ask):
            return None
        question = _mended(ask)
        question.fit(people=1)
    except (BamlError, Unfit):
        return None
    return question


def _mended(ask: Ask) -> Question:
    """Options are one line each and differ; where less than two are left there is nothing to choose, but to say."""
    type = FeedbackType(ask.type)
    options = [" ".join(option.split())[:LONGEST_OPTION] for option in ask.options or []]
    options = [option for option in dict.fromkeys(options) if option][:MOST_OPTIONS]
    if type in WITH_OPTIONS and len(options) < 2:
        type = FeedbackType.TEXT
    context = (ask.context or "").encode(errors="replace")[:LONGEST_CONTEXT_BYTES].decode(errors="ignore")
    return Question(
        type, ask.question[:LONGEST_QUESTION], options=options if type in WITH_OPTIONS else None, context=context,
        urgency=Urgency(ask.urgency or Urgency.NORMAL),
    )  # fmt: skip
