"""Whatever is generated from the OpenAPI document, as it says and otherwise, is answered as it says (promises.md, 19)."""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.asking import ask
from tests.programs import Program

SEED = 19
REQUESTS = 10_000 if os.environ.get("WHOLE_RUNS") else 1_000
TIMES = 3
"""Generating a case costs more than sending it: it is sent as it is, about what is there, and by somebody else."""
AS_TOLD = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
ALIKE = settings(
    database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), print_blob=False
)


@dataclass
class Asking:
    """Sends cases for ana and for ben. What is `there`, by the name that a path gives its id, is hers and stays; what is
    `spare`, too, but it may be deleted."""

    url: str
    ana: str
    ben: str
    there: dict[str, str]
    spare: dict[str, Iterator[str]]
    http: requests.Session = field(default_factory=requests.Session)
    numbers: Iterator[int] = field(default_factory=count)
    heard: Iterator[int] = field(default_factory=lambda: iter(range(5)))
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)

    def ask(self, case: Case) -> None:
        """Ask it three times."""
        self._send(case)
        about = [name for name in self.there if name in case.path_parameters]
        for name in about:
            case.path_parameters[name] = self._there(case, name)
        self._send(case, self.ana)
        status = self._send(case, self.ben)
        assert not about or status >= 400, "he sees or does what is hers"

    def _send(self, case: Case, token: str = "") -> int:
        """Send it, and look whether it was answered as the document says. Each is heard until it is silent for a while, so
        there are few streams."""
        if "Idempotency-Key" in case.headers:  # the same key with another body would be another thing
            case.headers["Idempotency-Key"] = f"{next(self.numbers)} {case.headers['Idempotency-Key']}"[:255]
        if isinstance(case.query.get("wait"), int | float) and 0 <= case.query["wait"] <= 60:
            case.query["wait"] = 0.01
        silence = 0.5 if case.path.endswith("/events") else 20
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = case.call(base_url=self.url, session=self.http, headers=headers, timeout=(20, silence))
        self.statuses[case.operation.label, answer.status_code] += 1
        case.validate_response(answer, checks=AS_TOLD)
        return answer.status_code

    def _there(self, case: Case, name: str) -> str:
        if case.method == "DELETE":
            return next(self.spare[name], "gone")
        return self.there[name] if not case.path.endswith("/events") or next(self.heard, None) is not None else "gone"


def ask_all(operations: list[APIOperation], asking: Asking) -> None:
    """As many of each operation, half of them as the document says."""
    asking.http.trust_env = False
    asking.http.headers["Authorization"] = f"Bearer {asking.ana}"
    varied = [one for one in operations if one.body or any(one.iter_parameters())]
    number = -(-REQUESTS // TIMES // len(varied) // 2)
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            cases = operation.as_strategy(generation_mode=mode)
            with suppress(Unsatisfiable):  # what takes nothing can't be asked wrongly
                seed(SEED)(settings(ALIKE, max_examples=number)(given(cases)(asking.ask)))()


async def new(program: Program, what: str, **told: str) -> str:
    """The id of something that is ana's."""
    made = (await program.post(f"/api/{what}", told)).json()
    return str(made["id"])


@pytest.mark.sized
@pytest.mark.timeout(600)
async def test_every_generated_request_is_answered_as_the_document_says(program: Program, bens: Program) -> None:
    document = (await program.get("/schema/openapi.json")).json()
    operations = [one.ok() for one in schemathesis.openapi.from_dict(document).get_all_operations()]
    made = {
        "session_id": [(await program.open()).rpartition("/")[2] for _ in range(6)],
        "request_id": [(await ask(program))["id"] for _ in range(6)],
        "channel_id": [await new(program, "channels", type="email", address=f"{number}@example.com") for number in range(6)],
        "endpoint_id": [await new(program, "webhooks", url=f"https://example.com/{number}") for number in range(6)],
    }
    there = {name: ids[0] for name, ids in made.items()}
    spare = {name: iter(ids[1:]) for name, ids in made.items()}
    asking = Asking(str(program.client.base_url).rstrip("/"), program.token, bens.token, there, spare)
    print(f"seed {SEED}")
    await asyncio.to_thread(ask_all, operations, asking)
    assert sum(asking.statuses.values()) >= REQUESTS * 0.9
    met = {status for _, status in asking.statuses}
    assert met >= {200, 201, 202, 204, 401, 404, 409, 422}, "the door was opened, and shut, in every way"
