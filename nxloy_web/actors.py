"""Who does something: passed to services as `by`, told with every event."""

from dataclasses import dataclass
from typing import Literal

from nxloy_web.errors import NotAllowed, NotFound
from nxloy_web.permissions import Permission, Role, allows


@dataclass(frozen=True)
class Actor:
    kind: Literal["team", "customer", "system"]
    user_id: str | None = None
    role: Role | None = None
    customer_id: str | None = None
    location_id: str | None = None
    request_id: str | None = None
    on_own_card: bool = False
    """They act for themselves, which a shop of one person may allow; the audit log says so."""

    @property
    def is_system(self) -> bool:
        return self.kind == "system"

    @property
    def has_limits(self) -> bool:
        """Whether the business may have set limits for them; an owner has none."""
        return self.kind == "team" and self.user_id is not None and self.role is not Role.OWNER

    def may(self, permission: Permission) -> bool:
        return self.is_system or (self.kind == "team" and allows(self.role, permission))

    def needs(self, permission: Permission, *, own: str | None = None) -> None:
        """The first line of a verb: raises NotAllowed without the right.

        `own` is the id of the customer, or of the person, whom the verb is about. A customer needs
        no permission for what is theirs; what is somebody else's is not there for them.
        """
        if self.may(permission):
            return
        if own is None:
            raise NotAllowed
        self.needs_to_be(own)

    def needs_to_be(self, whom: str) -> None:
        """The first line of a verb that customers have for themselves alone."""
        if self.kind != "customer":
            raise NotAllowed
        if whom not in (self.customer_id, self.user_id):
            raise NotFound


SYSTEM = Actor(kind="system")
