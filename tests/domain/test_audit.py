"""The audit trail only grows, and tells what was done together with what was done."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import asyncpg
import pytest

from app import clock
from app.database import sql, transaction
from app.domain import audit, erasure
from app.domain.audit import Action
from app.domain.export import export
from app.domain.invitation import Invitation
from app.domain.sign_in import SignIn
from app.domain.user import Role, User
from app.peer import Peer, _present

ROWS = "SELECT action, by, by_name, about, about_name, address, device, detail FROM audit_entries ORDER BY id"


@pytest.fixture
def at_home() -> Iterator[None]:
    """What is done now is done from an address, with a device."""
    token = _present.set(Peer("192.0.2.7", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"))
    yield
    _present.reset(token)


async def rows(*of: Action) -> list[dict[str, object]]:
    return [dict(row) for row in await sql(ROWS) if not of or row["action"] in of]


async def test_an_entry_says_who_about_whom_and_from_where(at_home: None, ana: User, ben: User) -> None:
    await ben.become(Role.ADMIN, by=ana)
    (told,) = await rows(Action.ROLE_CHANGED)
    assert told == {
        "action": "role-changed", "by": ana.id, "by_name": "Ana", "about": ben.id, "about_name": "Ben",
        "address": "192.0.2.7", "device": "Firefox on Linux", "detail": "admin",
    }  # fmt: skip
    await ben.describe(name="Benno", time_zone="")
    assert (await rows(Action.ROLE_CHANGED))[0]["about_name"] == "Ben", "as they were called then"


async def test_what_was_not_done_leaves_no_entry(ana: User, ben: User) -> None:
    before = await rows()
    with suppress(RuntimeError):
        async with transaction():
            await ben.disable(by=ana)
            raise RuntimeError
    assert await rows() == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_entries SET by_name = 'Eve'",
        "UPDATE audit_entries SET by_name = '', about_name = '', address = '', device = '', detail = ''",
        "UPDATE audit_entries SET created_at = now()",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
    ],
)
async def test_the_database_refuses_to_change_it(ana: User, ben: User, change: str) -> None:
    before = await rows()
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="only grows"):
        await sql(change)
    assert await rows() == before != []


async def test_nothing_takes_an_entry_along(ana: User, ben: User) -> None:
    before = await rows()
    await sql("TRUNCATE users CASCADE")
    assert await rows() == before != []


@pytest.mark.parametrize(
    "word",
    [
        "by_name = 'Eve'",
        "action = 'joined'",
        "by = NULL",
        "about = gen_random_uuid()",
        "id = gen_random_uuid()",
        "created_at = now()",
    ],
)
async def test_also_who_says_that_it_erases_only_empties_words(ana: User, ben: User, word: str) -> None:
    await ben.disable(by=ana)
    before = await rows()
    for change in (f"UPDATE audit_entries SET {word} WHERE action = 'disabled'", "DELETE FROM audit_entries"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await erasing(change)
    assert await rows() == before


async def erasing(change: str) -> None:
    async with transaction():
        await sql("SELECT set_config('parley.erasing', 'on', true)")
        await sql(change)


async def test_who_was_erased_is_named_no_more_and_what_was_done_stays(at_home: None, ana: User) -> None:
    await Invitation.make("ben@example.com", ana)
    ben = await User.sign_up(name="Ben", email="ben@example.com", password_hash="x")
    await ben.become(Role.ADMIN, by=ana)
    await ana.become(Role.MEMBER, by=ben)
    await ana.become(Role.ADMIN, by=ben)
    await SignIn.begin(ben, "test", "password")
    await audit.note(Action.SIGN_IN_FAILED, about=ben, detail="wrong password")
    before = await rows()
    await ben.leave()
    clock.shift(timedelta(days=8))
    await erasure.erase(ben.id)
    after = await rows()
    assert [row["action"] for row in after] == [*(row["action"] for row in before), "left", "erased"]
    assert [(row["by"], row["about"]) for row in after[: len(before)]] == [(row["by"], row["about"]) for row in before]
    text = str(after)
    assert [word for word in ("Ben", "ben@") if word in text] == []
    of_ben = [row for row in after if row["by"] == ben.id]
    assert {(row["address"], row["device"], row["by_name"], row["detail"]) for row in of_ben} == {("", "", "", "")}
    (made,) = [row for row in after if row["action"] == "role-changed" and row["about"] == ben.id]
    assert (made["by_name"], made["address"], made["detail"]) == ("Ana", "192.0.2.7", "admin"), (
        "ana's word, from ana's place"
    )
    (failed,) = [row for row in after if row["action"] == "sign-in-failed"]
    assert (failed["address"], failed["detail"]) == ("", ""), "most likely it was ben"


async def test_a_sign_in_and_its_ends(at_home: None, ana: User, ben: User) -> None:
    mine, others, stolen = [await SignIn.begin(ben, "test", "password") for _ in range(3)]
    await mine.end()
    await others.end(by=ana)
    for _ in range(2):
        await SignIn.rotate(stolen.id, 0)
    clock.shift(timedelta(seconds=11))
    assert await SignIn.rotate(stolen.id, 0) is None
    told = [(row["action"], row["by_name"], row["about_name"]) for row in await rows() if row["action"] != "joined"]
    begun = ("signed-in", "Ben", "")
    assert told == [
        begun, begun, begun, ("signed-out", "Ben", ""), ("signed-out", "Ana", "Ben"), ("token-reused", "", "Ben")
    ]  # fmt: skip


async def test_a_person_takes_along_what_the_trail_tells_of_them(at_home: None, ana: User, ben: User) -> None:
    await ben.disable(by=ana)
    await ben.enable(by=ana)
    told = (await export(ben))["audit_trail"]
    assert [(one["action"], one["by_you"], one["address"]) for one in told] == [
        ("joined", True, "192.0.2.7"), ("disabled", False, ""), ("enabled", False, "")
    ]  # fmt: skip
    assert "Ana" not in str(told)
