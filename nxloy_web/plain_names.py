"""Names that we write into mails to others are names, and lead nowhere.

Whoever signs up says what their shop and they are called, and whose address it is: our mail must
not carry a stranger's link to a person of their choice.
"""

import re
import unicodedata

from nxloy_web.errors import BusinessRule
from nxloy_web.texts import _

# What programs that show mail make a link of without being asked: an address with its scheme, or
# a host under a domain that people know. Every country has two letters; of the others these are
# the ones that mails of fraud are full of. "Dr. Huber", "J.R.R.", "St.Johann" are names.
_ENDINGS = (
    "com|net|org|info|biz|io|co|me|app|dev|shop|store|online|site|website|xyz|top|club|vip|live|"
    "link|click|page|cloud|tech|pro|mobi|name|gift|win|bid|loan|cash|money|bank|[a-z]{2}"
)
_LINK = re.compile(
    r"[a-z][a-z0-9+.-]*:/+"
    r"|\bwww\."
    rf"|\b(?!co\.kg)[\w-]{{2,}}\.(?:{_ENDINGS})(?=$|[\s/:?#,;!)\]])"  # GmbH & Co.KG
    rf"|\b[\w-]+\.(?:{_ENDINGS})/"
    r"|\S+@\S+\.\S+"
)


class LinkInName(BusinessRule):
    message = _("Write the name without a web address. We use it in e-mails.")


def refuse_links(*names: str) -> None:
    """Raises LinkInName when one of them has in it what is shown as a link somewhere."""
    if any(_LINK.search(_as_shown(name)) for name in names):
        raise LinkInName


def _as_shown(name: str) -> str:
    """Without what nobody sees, and in one spelling of letters, full stops and slashes."""
    shown = "".join(c for c in name if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFKC", shown).replace("\u3002", ".").casefold()
