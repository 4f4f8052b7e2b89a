"""The list of customers, as a page and as a file, and those who are deleted."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from flask import g
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.customers import finding, listing, queries
from nxloy_web.customers.blueprint import bp
from nxloy_web.money import amount_text
from nxloy_web.permissions import Permission, requires
from nxloy_web.segments import queries as segments
from nxloy_web.tables.customers import Customer, CustomerStatus
from nxloy_web.tables.views import ListName
from nxloy_web.views import queries as views
from nxloy_web.web.answers import page
from nxloy_web.web.arguments import Arguments, arguments
from nxloy_web.web.csv_export import csv_download

EXPORTED = (
    "code", "first name", "last name", "e-mail", "phone", "customer number", "status", "tags",
    "joined", "purchases", "spent", "currency", "last purchase", "points", "tier",
    "offers by e-mail", "offers by text message", "date of birth",
)  # fmt: skip


@bp.get("/")
@requires(Permission.CUSTOMERS_VIEW)
def index() -> ResponseReturnValue:
    filter_ = listing.Filter.from_args(arguments())
    program = queries.default_program()
    kept = views.views(ListName.CUSTOMERS, g.actor.user_id, arguments())
    choices = cache(segments.choices)  # read when first needed, once for both places
    return page(
        "customers/index.html",
        fragment="customers/_results.html",
        filter=filter_,
        program=program,
        listing=listing.page_of(filter_, program, clock.now()),
        views=kept,
        tabs=kept.counted(_counts),
        # Only the whole page shows the filters, so a fragment does not read what fills them.
        segments=lambda: choices().all,
        lists=lambda: choices().manual,
        tags=finding.tags_in_use,
        statuses=[CustomerStatus.ACTIVE, CustomerStatus.BLOCKED],
    )


@bp.get("/export.csv")
@requires(Permission.CUSTOMERS_EXPORT)
def export() -> ResponseReturnValue:
    filter_ = listing.Filter.from_args(arguments())
    at, currency = clock.now(), g.place.currency

    def rows() -> Any:
        program = queries.default_program()
        tiers = {tier.id: tier.name for tier in program.tiers} if program else {}
        for customer, points, tier_id in listing.everything(filter_, program, at):
            yield _exported(customer, points, tiers.get(tier_id or "", ""), currency)

    return csv_download("customers.csv", EXPORTED, rows())


@bp.get("/deleted")
@requires(Permission.CUSTOMERS_MANAGE)
def deleted() -> ResponseReturnValue:
    return page(
        "customers/deleted.html",
        fragment="customers/_deleted.html",
        deleted=listing.deleted(arguments().cursor("after")),
    )


def _counts(queries: Sequence[str]) -> Sequence[int]:
    filters = [listing.Filter.from_args(Arguments.of_query(query)) for query in queries]
    return listing.counts(filters, clock.now())


def _exported(customer: Customer, points: int | None, tier: str, currency: str) -> list[object]:
    last = customer.last_purchase_at
    return [
        customer.member_code,
        customer.first_name,
        customer.last_name,
        customer.email,
        customer.phone_e164,
        customer.external_id,
        customer.status.value.lower(),
        ", ".join(customer.tags),
        customer.created_at.date().isoformat(),
        customer.purchase_count,
        amount_text(customer.spent_minor, currency),
        currency,
        last.date().isoformat() if last else None,
        points or 0,
        tier,
        "yes" if customer.email_opt_in else "no",
        "yes" if customer.sms_opt_in else "no",
        customer.date_of_birth.isoformat() if customer.date_of_birth else None,
    ]
