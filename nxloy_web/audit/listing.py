"""What entries of the audit log are about: a name to read, and the page to open.

The log keeps ids. Names are read when somebody looks, so that an erased person stays erased.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import select

from nxloy_web.audit.changes import Change, changes, pointed_at
from nxloy_web.current_business import current_wording
from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.tables.approvals import Approval
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.auth import User
from nxloy_web.tables.businesses import Business, Invitation, Location, Membership
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.imports import ImportRun, UploadedFile
from nxloy_web.tables.loyalty import EarningRule, LoyaltyProgram, LoyaltyTier
from nxloy_web.tables.points import PointTransaction
from nxloy_web.tables.purchases import Purchase
from nxloy_web.tables.redemptions import RewardRedemption
from nxloy_web.tables.rewards import Reward
from nxloy_web.tables.segments import CustomerSegment


@dataclass(frozen=True)
class Line:
    """An entry with everything around it that people read."""

    entry: AuditEntry
    by_name: str | None
    subject: "Named | None"
    changes: list[Change]


@dataclass(frozen=True)
class Named:
    """Something an entry is about. What is deleted has a name, and no page."""

    name: str
    href: str | None = None


Key = tuple[str, str]
"""The name of a table's class, and an id."""


def lines_of(rows: Sequence[Any]) -> list[Line]:
    """The entries with the names of what they are about and of what they mention."""
    keys = [(entry.subject_type, entry.subject_id) for entry, _name in rows]
    for entry, _name in rows:
        keys += [*pointed_at(entry.before), *pointed_at(entry.after)]
    found, say = names_of(keys), current_wording()
    names = {key: named.name for key, named in found.items()}
    return [
        Line(
            entry,
            name,
            found.get((entry.subject_type, entry.subject_id)),
            changes(entry.before, entry.after, names, say),
        )
        for entry, name in rows
    ]


def names_of(keys: Iterable[Key]) -> dict[Key, Named]:
    """One statement for each kind of thing."""
    ids: dict[str, set[str]] = defaultdict(set)
    for kind, row_id in keys:
        ids[kind].add(row_id)
    found: dict[Key, Named] = {}
    for kind, wanted in ids.items():
        if kind in _KINDS:
            read, named = _KINDS[kind]
            column = read.selected_columns[0]
            for row in db.session.execute(history(read.where(column.in_(wanted)))):
                found[kind, row[0]] = named(row)
    return found


def _customer(row: Any) -> Named:
    page = _living(row.Customer, "customers.show", customer_id=row.id)
    return Named(row.Customer.name, page)


def _living(row: Any, endpoint: str, **values: Any) -> str | None:
    return None if row.deleted_at is not None else url_for(endpoint, **values)


def _purchase(row: Any) -> Named:
    amount = current_wording().money(row.amount_minor, row.currency)
    name = f"{row.order_ref}, {amount}" if row.order_ref else amount
    page = url_for("customers.show", customer_id=row.customer_id, tab="purchases")
    return Named(f"{name}, {row.Customer.name}", page)


def _tier(row: Any) -> Named:
    page = _living(row, "programs.edit_tier", program_id=row.program_id, tier_id=row.id)
    return Named(row.name, page)


_KINDS: Mapping[str, tuple[Any, Callable[[Any], Named]]] = {
    "Customer": (
        select(Customer.id, Customer),
        _customer,
    ),
    "Reward": (
        select(Reward.id, Reward.name, Reward.deleted_at),
        lambda row: Named(row.name, _living(row, "rewards.show", reward_id=row.id)),
    ),
    "LoyaltyProgram": (
        select(LoyaltyProgram.id, LoyaltyProgram.name, LoyaltyProgram.deleted_at),
        lambda row: Named(row.name, _living(row, "programs.show", program_id=row.id)),
    ),
    "LoyaltyTier": (
        select(LoyaltyTier.id, LoyaltyTier.name, LoyaltyTier.program_id, LoyaltyTier.deleted_at),
        _tier,
    ),
    "EarningRule": (
        select(EarningRule.id, EarningRule.name, EarningRule.program_id),
        lambda row: Named(row.name, url_for("programs.show", program_id=row.program_id)),
    ),
    "CustomerSegment": (
        select(CustomerSegment.id, CustomerSegment.name, CustomerSegment.deleted_at),
        lambda row: Named(row.name, _living(row, "segments.show", segment_id=row.id)),
    ),
    "Location": (
        select(Location.id, Location.name, Location.deleted_at),
        lambda row: Named(row.name, _living(row, "locations.edit", location_id=row.id)),
    ),
    "Membership": (
        select(Membership.id, User.name, Membership.deleted_at).join(
            User, User.id == Membership.user_id
        ),
        lambda row: Named(row.name, _living(row, "team.edit", membership_id=row.id)),
    ),
    "Invitation": (
        select(Invitation.id, Invitation.email),
        lambda row: Named(row.email, url_for("team.index")),
    ),
    "Business": (
        select(Business.id, Business.name),
        lambda row: Named(row.name, url_for("businesses.settings")),
    ),
    "ImportRun": (
        select(ImportRun.id, UploadedFile.filename).join(
            UploadedFile, UploadedFile.id == ImportRun.file_id
        ),
        lambda row: Named(row.filename, url_for("imports.show", import_id=row.id)),
    ),
    "RewardRedemption": (
        select(RewardRedemption.id, RewardRedemption.code, Reward.name).join(
            Reward, Reward.id == RewardRedemption.reward_id
        ),
        lambda row: Named(
            f"{row.name}, {row.code}", url_for("redemptions.show", redemption_id=row.id)
        ),
    ),
    "Purchase": (
        select(
            Purchase.id,
            Purchase.order_ref,
            Purchase.amount_minor,
            Purchase.currency,
            Purchase.customer_id,
            Customer,
        ).join(Customer, Customer.id == Purchase.customer_id),
        _purchase,
    ),
    "PointTransaction": (
        select(PointTransaction.id, PointTransaction.amount, Customer).join(
            Customer, Customer.id == PointTransaction.customer_id
        ),
        lambda row: Named(
            f"{current_wording().signed(row.amount)}, {row.Customer.name}",
            url_for("ledger.index", customer=row.Customer.id) + f"#entry-{row.id}",
        ),
    ),
    "Approval": (
        select(Approval.id, Approval.points, Customer).join(
            Customer, Customer.id == Approval.customer_id
        ),
        lambda row: Named(
            f"{current_wording().signed(row.points)}, {row.Customer.name}",
            url_for("approvals.index"),
        ),
    ),
    "User": (select(User.id, User.name), lambda row: Named(row.name)),
}
