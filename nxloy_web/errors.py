"""Refusals the edge turns into answers. Each carries one sentence for the person who reads it."""


class Refusal(Exception):
    """A request that is not carried out; nothing of it is saved."""

    status = 400

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message or (self.__doc__ or "")


class BusinessRule(Refusal):
    """A rule of the business does not allow this."""

    status = 409


class Stale(BusinessRule):
    """Somebody changed this while you were looking at it. Look at the new state and try again."""


class NotFound(Refusal):
    """There is nothing here."""

    status = 404


class NotAllowed(Refusal):
    """You may not do this. Ask an owner of this business."""

    status = 403


class SignInNeeded(Refusal):
    """Sign in to go on."""

    status = 401
