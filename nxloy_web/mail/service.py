"""Sending mail: the words are stored with the change they tell of, a job takes them out."""

from nxloy_web import jobs
from nxloy_web.contacts import email_norm
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.scope import business_in_scope
from nxloy_web.mail import letters
from nxloy_web.mail.delivery import deliver
from nxloy_web.mail.letters import PRODUCT, Words, one_line
from nxloy_web.tables.mail import OutboundMail, UnsentMail


def send(to: str, words: Words) -> OutboundMail:
    """Write a letter and queue it; it goes out only if this transaction commits.

    Raises ValueError for something that is no e-mail address.
    """
    email_norm(to)
    letter = letters.write(words)
    mail = OutboundMail(
        id=new_id(),
        kind=words.kind,
        recipient=to.strip(),
        sender_name=None if words.business_name == PRODUCT else one_line(words.business_name),
        reply_to=words.reply_to or None,
        subject=letter.subject,
        body_text=letter.text,
        body_html=letter.html,
    )
    db.session.add(mail)
    db.session.flush()
    business_id = None if words.is_private else business_in_scope()
    job_id = jobs.enqueue_open(deliver, mail_id=mail.id, business_id=business_id)
    if business_id:
        known = {"kind": mail.kind, "recipient": mail.recipient, "subject": mail.subject}
        db.session.add(UnsentMail(id=mail.id, job_id=job_id, **known))
    return mail
