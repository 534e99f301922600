"""What can go wrong in the domain, in words that a page or a program can be answered with."""


class NotFound(Exception):
    """No such thing, or not this person's: the two look the same."""


class Conflict(Exception):
    """It was changed or decided in the meantime; the text says how."""


class Unfit(Exception):
    """What was given does not fit; the text says why."""
