"""Markdown on its way into `chat.appendStream`: Slack reads it itself, so that what could mention people is taken apart.

Inside Markdown, Slack also reads its own `<@U1>`, `<#C1>` and `<!here>` (measured: PostHog/posthog#95054). Nothing says
whether it decodes entities in code, so that these are broken with a word joiner, which nobody sees, instead.
"""

import re

from app.markdown import normal

JOINER = "\u2060"

_TOKEN = re.compile(
    r"""(?P<mention><[@\#](?=[A-Za-z0-9])|<!(?=here|channel|everyone|group|subteam))
      | (?P<image>!(?=\[))
      | (?P<everybody>@(?=(?:here|channel|everyone|group)\b))
      | (?P<fence>`+|~{3,})
      | (?P<end>\n)
      | [^<!@`~\n]+ | .""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_UNSURE = re.compile(r"(?:`+|~+|<[@#]?|<?@\w{0,8}|<!\w{0,7}|!|\r)\Z")


def streamed(markdown: str) -> str:
    """The same words, of which Slack makes no mention and no image."""
    escaping = Escaping()
    return escaping.feed(markdown) + escaping.close()


class Escaping:
    """A text that comes in any pieces: what it gives out, put together, is what `streamed` makes of the whole."""

    def __init__(self) -> None:
        self._held = ""
        self._before = "\n"
        self._fence = ""
        self._ticks = 0
        self._line_is_blank = True

    def feed(self, more: str) -> str:
        """What may be sent by now. A few characters are held back where what comes next decides what they are."""
        text = self._held + more
        unsure = _UNSURE.search(text)
        end = unsure.start() if unsure else len(text)
        self._held = text[end:]
        return self._escaped(text[:end])

    def close(self) -> str:
        """What was held back: no more will come."""
        held, self._held = self._held, ""
        return self._escaped(held)

    def _escaped(self, text: str) -> str:
        return "".join(map(self._token, _TOKEN.finditer(normal(text))))

    def _token(self, found: re.Match[str]) -> str:
        shown, before = found[0], self._before
        match found.lastgroup:
            case "mention":
                shown = JOINER.join(found[0]) + JOINER
            case "everybody" if not before.isalnum():
                shown = found[0] + JOINER
            case "image" if not self._fence:
                shown = found[0] + JOINER if self._ticks % 2 else ""
            case "fence":
                self._run(found[0])
            case "end":
                self._ticks = 0
        self._line_is_blank = found.lastgroup == "end" or (self._line_is_blank and not found[0].strip(" \t>"))
        self._before = found[0][-1]
        return shown

    def _run(self, run: str) -> None:
        """A run of marks opens or closes a block of code where its line begins, else it is part of a line."""
        if self._line_is_blank and len(run) >= 3 and not self._fence:
            self._fence = run
        elif self._line_is_blank and self._fence and run.startswith(self._fence):
            self._fence = ""
        elif run[0] == "`":
            self._ticks += 1
