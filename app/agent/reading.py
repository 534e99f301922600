"""What somebody's own words answer, where no rule says it: the model is asked, and believed only when it is certain."""

import asyncio

import structlog
from baml_py import AbortController
from baml_py.errors import BamlError

from app.agent.model import may_ask, registry
from app.baml_client.async_client import b
from app.domain.answer_words import Read
from app.domain.errors import Unfit
from app.domain.feedback import FeedbackRequest
from app.domain.feedback_value import FeedbackType, fit_value
from app.settings import settings

LONGEST_WORDS = 4_000
PATIENCE = 0.5  # of the lease under which the words are read
log = structlog.get_logger(__name__)


async def read_answer(request: FeedbackRequest, words: str) -> Read | None:
    """The answer that these words give, with them as its comment; None where it isn't certain, or the model can't tell."""
    if not may_ask() or len(words) > LONGEST_WORDS:
        return None
    stop = AbortController()
    ending = asyncio.get_running_loop().call_later(settings().lease_seconds * PATIENCE, stop.abort)
    try:
        reading = await b.ReadAnswer(
            request.question, request.type, request.options, words,
            baml_options={"client_registry": registry(), "env": {}, "abort_controller": stop},
        )  # fmt: skip
        if not reading.certain:
            return None
        return Read(fit_value(FeedbackType(request.type), request.options, reading.value), words)
    except Unfit:
        return None
    except BamlError as error:
        log.info("no model reads an answer just now", error=type(error).__name__)
        return None
    finally:
        ending.cancel()
