"""All that the sandbox's Slack answers."""

from app.sandbox.slack import answering, doing, oauth_pages, pages, record_pages, socket_mode, web_api

ROUTES = [
    web_api.call_method, answering.respond, socket_mode.link,
    oauth_pages.ask_install, oauth_pages.ask_openid, oauth_pages.answer, oauth_pages.show_discovery, oauth_pages.show_keys,
    pages.show_workspace, pages.stream_workspace, pages.find_message,
    doing.write, doing.edit, doing.delete, doing.stop, doing.click, doing.submit, doing.dismiss, doing.uninstall,
    doing.trouble,
    record_pages.show_record, record_pages.order_faults, record_pages.move_clock, record_pages.refresh_sockets,
    record_pages.verify_address, record_pages.add_person,
]  # fmt: skip
