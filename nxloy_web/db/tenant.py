"""Which business is in scope. Kept apart so that models, session and scope can all read it."""

from contextvars import ContextVar

from nxloy_web.errors import Refusal
from nxloy_web.texts import _

business_in_context: ContextVar[str | None] = ContextVar("business_id", default=None)


class ScopeNeeded(Refusal):
    message = _("This reads or writes a business's data, and no business has been entered.")

    status = 500


def business_in_scope() -> str | None:
    return business_in_context.get()


def current_business_id() -> str:
    """The business in scope. Raises ScopeNeeded outside one."""
    business_id = business_in_context.get()
    if business_id is None:
        raise ScopeNeeded
    return business_id
