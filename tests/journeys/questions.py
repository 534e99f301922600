"""What people are asked in journeys: one question of each kind."""

from app.domain.feedback_question import Question, Urgency
from app.domain.feedback_value import FeedbackType

SHIP = Question(
    FeedbackType.APPROVAL, "Shall we ship version 2?", urgency=Urgency.URGENT,
    context="All **214 tests** pass.\n\n| part | state |\n|---|---|\n| web | ready |\n| worker | ready |",
)  # fmt: skip
DAY = Question(FeedbackType.CHOICE, "Which day suits you?", options=["Monday", "Wednesday", "Friday"])
WHO = Question(FeedbackType.MULTIPLE_CHOICE, "Who should come?", options=["Ana", "Ben", "Cleo"])
WORDS = Question(FeedbackType.TEXT, "What shall the headline say?")
RATING = Question(FeedbackType.RATING, "How good was this answer?")
