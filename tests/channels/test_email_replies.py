"""A corpus of answers as people's mail programs write them: what they wrote is kept, what their program added is not."""

from pathlib import Path

from app.channels.mail_cutting import cut
from app.channels.mail_reading import read_mail

REPLIES = Path(__file__).with_name("replies")
BOX = "parley@sandbox.example"


def words(text: str) -> list[str]:
    """Line by line, without the space around each."""
    return [" ".join(line.split()) for line in text.strip().splitlines()]


def test_at_least_ninety_five_of_a_hundred_are_cut_right() -> None:
    names = sorted(path.stem for path in REPLIES.glob("*.eml"))
    assert len(names) == 60
    wrong = {}
    for name in names:
        mail = read_mail((REPLIES / f"{name}.eml").read_bytes())
        got, wanted = words(cut(mail.text, box=BOX, name=mail.name)), words((REPLIES / f"{name}.txt").read_text())
        if got != wanted:
            wrong[name] = (got, wanted)
    for name, (got, wanted) in wrong.items():
        print(f"{name}\n  got    {got}\n  wanted {wanted}")
    print(f"{len(names) - len(wrong)} of {len(names)} are cut right")
    assert len(wrong) <= len(names) * 0.05
