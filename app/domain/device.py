"""What a device calls itself, in words: "Firefox on Linux"."""

import re

# The first that fits is it: browsers call themselves by the names of those that came before them.
PROGRAMS = (
    (r"Edg(?:e|A|iOS)?/", "Edge"), (r"OPR/|Opera", "Opera"), (r"SamsungBrowser/", "Samsung Internet"),
    (r"Vivaldi/", "Vivaldi"), (r"Firefox/|FxiOS/", "Firefox"), (r"Chrome/|CriOS/|Chromium/", "Chrome"),
    (r"Safari/", "Safari"), (r"curl/", "curl"), (r"python|httpx|aiohttp", "A Python program"),
)  # fmt: skip
SYSTEMS = (
    (r"iPad", "iPad"), (r"iPhone|iPod", "iPhone"), (r"Android", "Android"), (r"CrOS", "ChromeOS"),
    (r"Windows", "Windows"), (r"Mac OS X|Macintosh", "Mac"), (r"Linux|X11", "Linux"),
)  # fmt: skip
HAND_HELD = ("iPad", "iPhone", "Android")


def device_words(user_agent: str) -> str:
    """The program and the system of a User-Agent, as far as they are known; its own first word otherwise."""
    program, system = _first(PROGRAMS, user_agent), _first(SYSTEMS, user_agent)
    if program and system:
        return f"{program} on {system}"
    return program or system or user_agent.split("/")[0].strip()[:60] or "An unknown device"


def hand_held(user_agent: str) -> bool:
    return _first(SYSTEMS, user_agent) in HAND_HELD


def _first(names: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for pattern, name in names if re.search(pattern, user_agent, re.I)), "")
