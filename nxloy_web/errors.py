"""Refusals the edge turns into answers. Each carries one sentence for the person who reads it."""

from nxloy_web.texts import Text, _


class Refusal(Exception):
    """A request that is not carried out; nothing of it is saved.

    A class says its sentence as `message`. Whoever raises it may give another one, with parts.
    """

    status = 400
    message: Text = _("This is not possible. Nothing was changed.")

    def __init__(self, message: Text | None = None) -> None:
        if message is not None:
            self.message = message
        super().__init__(self.message)


class BusinessRule(Refusal):
    status = 409
    message = _("A rule of the business does not allow this.")


class Stale(BusinessRule):
    message = _(
        "Somebody changed this while you were looking at it. Look at the new state and try again."
    )


class FormUsed(BusinessRule):
    message = _(
        "This form was sent before with other contents, and that is done. Look at what came of it"
        " before you send this."
    )


class NotFound(Refusal):
    status = 404
    message = _("There is nothing here.")


class NotAllowed(Refusal):
    status = 403
    message = _("You may not do this. Ask an owner of this business.")


class SignInNeeded(Refusal):
    status = 401
    message = _("Sign in to continue.")


class NotUsable(ValueError):
    """What somebody typed cannot be what it should be; `message` says how to write it."""

    def __init__(self, message: Text) -> None:
        super().__init__(message)
        self.message = message
