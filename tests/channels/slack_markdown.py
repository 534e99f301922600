"""Markdown of every kind, for tests of how it looks in Slack."""

import re

from hypothesis import strategies as st

SNIPPETS = [
    "# head", "## [linked](https://a.example) head", "title\n===", "- a", "- [ ] open", "- [x] done", "  - nested", "1. one",
    "7. seven", "> quote", "> - listed", "> > deep", "```py\nprint(1)\n```", "```", "~~~\nx", "    indented", "---", "***",
    "| a | b |\n|---|:-:|\n| 1 | **2** |", "| wide |\n|-|\n| x |\n| y |", "**bold**", "_it_", "~~s~~", "`code`", "`", "\\*",
    "[l](https://a.example/?x=1&y=2)", "[](https://e.example)", "[x](javascript:alert(1))", "![alt](https://a.example/i.png)",
    "<https://auto.example>", "https://bare.example.", "<!channel>", "@here", "<@U1>", "<#C1|g>", "<b>html</b>", "a & b < c",
    "&lt;!here&gt;", "\n", "\n\n", "  \n", " ", "words", "😀😀", "é\u0301", "\0", "\u2028", "-", "- ", "1.", ">", "|",
    "*" * 40,
]  # fmt: skip
MARKDOWN = st.lists(st.sampled_from(SNIPPETS) | st.text(max_size=8), max_size=25).map("".join) | st.lists(
    st.sampled_from(SNIPPETS), max_size=25
).map("\n".join)


def letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


def holds(whole: str, part: str) -> bool:
    """Whether all letters of a part stand in the whole, in that order."""
    rest = iter(letters(whole))
    return all(letter in rest for letter in letters(part))
