"""Who does something: passed to services as `by`, written to the audit log."""

from dataclasses import dataclass

from nxloy_web.permissions import Permission, Role, allows


@dataclass(frozen=True)
class Actor:
    kind: str
    """`team`, `customer` or `system`."""
    user_id: str | None = None
    role: Role | None = None
    customer_id: str | None = None
    location_id: str | None = None
    request_id: str | None = None

    def may(self, permission: Permission) -> bool:
        return allows(self.role, permission)


SYSTEM = Actor(kind="system")
