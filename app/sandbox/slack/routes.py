"""All that the sandbox's Slack answers."""

from app.sandbox.slack import answering, oauth_pages, record_pages, socket_mode, web_api

ROUTES = [
    web_api.call_method, answering.respond, socket_mode.link,
    oauth_pages.ask_install, oauth_pages.ask_openid, oauth_pages.answer, oauth_pages.show_discovery, oauth_pages.show_keys,
    record_pages.show_record, record_pages.order_faults, record_pages.move_clock, record_pages.refresh_sockets,
    record_pages.verify_address,
]  # fmt: skip
