"""All that the sandbox's mail answers."""

from app.sandbox.mail import door, google, pages, record_pages

ROUTES = [
    door.call_gmail,
    google.ask_consent, google.give_consent, google.give_tokens, google.give_mailbox, google.give_keys,
    google.revoke,
    pages.show_mailbox, pages.show_html, pages.reply, pages.write, pages.scan,
    pages.choose_answers,
    record_pages.show_mail_record, record_pages.show_sent, record_pages.order_mail_faults, record_pages.move_mail_clock,
    record_pages.take_grant_back,
]  # fmt: skip
