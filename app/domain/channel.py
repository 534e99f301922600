"""The ways by which a person is reached."""

from enum import StrEnum


class ChannelType(StrEnum):
    WEB = "web"
    SLACK = "slack"
    EMAIL = "email"
