"""Who may do what: one table of roles, one decorator. A test walks every route with every role."""

import enum
from collections.abc import Callable
from typing import Any

from nxloy_web.marks import Mark, View


class Role(enum.Enum):
    OWNER = "OWNER"
    MANAGER = "MANAGER"
    STAFF = "STAFF"
    ANALYST = "ANALYST"


class Permission(enum.Enum):
    HOME = "home:view"
    BUSINESS_EDIT = "business:edit"
    TEAM_EDIT = "team:edit"
    LOCATIONS_EDIT = "locations:edit"
    PROGRAMS_VIEW = "programs:view"
    PROGRAMS_EDIT = "programs:edit"
    REWARDS_VIEW = "rewards:view"
    REWARDS_EDIT = "rewards:edit"
    SEGMENTS_VIEW = "segments:view"
    SEGMENTS_EDIT = "segments:edit"
    IMPORTS_VIEW = "imports:view"
    IMPORTS_EDIT = "imports:edit"
    CUSTOMERS_VIEW = "customers:view"
    CUSTOMERS_EDIT = "customers:edit"
    CUSTOMERS_MANAGE = "customers:manage"  # block, delete, restore
    CUSTOMERS_EXPORT = "customers:export"
    CUSTOMERS_SET_TIER = "customers:set_tier"
    POINTS_GIVE = "points:give"
    POINTS_CORRECT = "points:correct"  # void, adjust; up to the limits of the role
    APPROVALS_VIEW = "approvals:view"
    APPROVALS_DECIDE = "approvals:decide"
    LEDGER_VIEW = "ledger:view"
    REDEMPTIONS_VIEW = "redemptions:view"
    REDEMPTIONS_DECIDE = "redemptions:decide"
    REDEMPTIONS_REFUND = "redemptions:refund"
    AUDIT_VIEW = "audit:view"
    JOBS_VIEW = "jobs:view"
    JOBS_RETRY = "jobs:retry"
    VIEWS_KEEP = "views:keep"  # of one's own


_READS = {
    Permission.HOME,
    Permission.PROGRAMS_VIEW,
    Permission.REWARDS_VIEW,
    Permission.SEGMENTS_VIEW,
    Permission.IMPORTS_VIEW,
    Permission.CUSTOMERS_VIEW,
    Permission.CUSTOMERS_EXPORT,
    Permission.APPROVALS_VIEW,
    Permission.LEDGER_VIEW,
    Permission.REDEMPTIONS_VIEW,
    Permission.AUDIT_VIEW,
    Permission.JOBS_VIEW,
    Permission.VIEWS_KEEP,
}
_COUNTER = {
    Permission.HOME,
    Permission.CUSTOMERS_VIEW,
    Permission.CUSTOMERS_EDIT,
    Permission.POINTS_GIVE,
    Permission.POINTS_CORRECT,
    Permission.APPROVALS_VIEW,
    Permission.LEDGER_VIEW,
    Permission.REDEMPTIONS_VIEW,
    Permission.REDEMPTIONS_DECIDE,
    Permission.VIEWS_KEEP,
}
_OWNER_ONLY = {Permission.BUSINESS_EDIT, Permission.TEAM_EDIT, Permission.LOCATIONS_EDIT}

ROLES: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.MANAGER: frozenset(set(Permission) - _OWNER_ONLY),
    Role.STAFF: frozenset(_COUNTER),
    Role.ANALYST: frozenset(_READS),
}

_needed: Mark[Permission] = Mark()


def requires(permission: Permission) -> Callable[[View], View]:
    """Name the permission of a desk view; the edge checks it before the view runs."""

    def mark(view: View) -> View:
        return _needed.put(view, permission)

    return mark


def needed_by(view: Callable[..., Any] | None) -> Permission | None:
    """The permission a view names."""
    return _needed.of(view)


def allows(role: Role | None, permission: Permission) -> bool:
    return role is not None and permission in ROLES[role]
