"""Piccolo's configuration: the database, the tables and where their migrations are."""

import os

from piccolo.conf.apps import AppConfig, AppRegistry

from app.database import DB
from app.domain.agent_state import AgentState
from app.domain.api_key import ApiKey
from app.domain.audit import AuditEntry
from app.domain.binding import ChannelBinding
from app.domain.channel import CommunicationChannel
from app.domain.channel_health import ChannelHealth
from app.domain.delivery import Delivery, DeliveryAttempt
from app.domain.duty import Duty
from app.domain.feedback import FeedbackRequest
from app.domain.feedback_recipient import FeedbackRecipient
from app.domain.feedback_response import FeedbackResponse
from app.domain.gate_try import GateTry
from app.domain.grant import Grant
from app.domain.held_mail import HeldMail
from app.domain.idempotency import KeptAnswer
from app.domain.identity import Identity
from app.domain.inbound import InboundEvent
from app.domain.invitation import Invitation
from app.domain.live_copy import LiveCopy
from app.domain.mail_cursor import MailCursor
from app.domain.measure import Measure
from app.domain.message import Message
from app.domain.oauth_client import OAuthClient
from app.domain.oauth_code import OAuthCode
from app.domain.passkey import Passkey
from app.domain.recovery_code import RecoveryCode
from app.domain.session import ChatSession
from app.domain.sign_in import SignIn
from app.domain.spent import SpentMark
from app.domain.totp import Totp
from app.domain.user import User
from app.domain.webhook_endpoint import WebhookEndpoint
from app.migrate import MIGRATIONS

__all__ = ["APP_CONFIG", "APP_REGISTRY", "DB"]

APP_CONFIG = AppConfig(
    app_name="parley",
    migrations_folder_path=str(MIGRATIONS),
    table_classes=[
        User, OAuthClient, SignIn, OAuthCode, ApiKey, ChatSession, Message, AgentState, Totp, RecoveryCode,
        Invitation, KeptAnswer, Identity, Passkey, SpentMark, AuditEntry, GateTry,
        CommunicationChannel, ChannelHealth, Delivery, DeliveryAttempt,
        FeedbackRequest, FeedbackRecipient, FeedbackResponse, WebhookEndpoint, Measure,
        ChannelBinding, LiveCopy, InboundEvent, Grant, Duty, MailCursor, HeldMail,
    ],
)  # fmt: skip
os.environ["PICCOLO_CONF"] = __name__
APP_REGISTRY = AppRegistry(apps=[__name__])
