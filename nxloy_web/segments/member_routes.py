"""Hand-made lists: who is put on one, and who is taken off."""

from typing import Any

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.customers import finding
from nxloy_web.customers import listing as customers
from nxloy_web.customers import queries as customer_queries
from nxloy_web.db.rows import find
from nxloy_web.errors import BusinessRule
from nxloy_web.permissions import Permission, requires
from nxloy_web.segments import queries, service
from nxloy_web.segments.blueprint import bp
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.segments import CustomerSegment
from nxloy_web.texts import _
from nxloy_web.web.answers import changed, page, see_other
from nxloy_web.web.arguments import LONGEST_QUERY, Arguments, arguments, posted

FOUND = 8
AT_ONCE = 500
"""Rows one press can name; a page of a list has far fewer."""


class NoList(BusinessRule):
    message = _("Choose a list to add them to.")


class NobodyChosen(BusinessRule):
    message = _("Choose at least one customer.")


@bp.post("/members")
@requires(Permission.SEGMENTS_EDIT)
def add_customers() -> ResponseReturnValue:
    """Add what is ticked in the customer list to a hand-made list."""
    segment_id = posted().row_id("segment_id")
    if not segment_id:
        raise NoList
    query = posted().text("query", LONGEST_QUERY)
    if posted().text("all"):
        filter_ = customers.Filter.from_args(Arguments.of_query(query))
        chosen: Any = customers.ids_matching(filter_, clock.now())
    else:
        chosen = _ticked()
    count = service.add_members(segment_id, chosen, by=g.actor, at=clock.now())
    name = find(CustomerSegment, segment_id).name
    return changed(
        "segments/_nothing.html",
        otherwise=url_for("customers.index") + (f"?{query}" if query else ""),
        toast=_added(count, name),
        kind="ok" if count else "info",
    )


@bp.get("/<id:segment_id>/members")
@requires(Permission.SEGMENTS_EDIT)
def members(segment_id: str) -> ResponseReturnValue:
    """Who may be added to a hand-made list."""
    segment = find(CustomerSegment, segment_id)
    return page(
        "segments/members.html",
        fragment="segments/_candidates.html",
        segment=segment,
        **_candidates(segment),
    )


@bp.post("/<id:segment_id>/members")
@requires(Permission.SEGMENTS_EDIT)
def add(segment_id: str) -> ResponseReturnValue:
    count = service.add_members(segment_id, _ticked(), by=g.actor, at=clock.now())
    name = find(CustomerSegment, segment_id).name
    return see_other(url_for(".show", segment_id=segment_id), toast=_added(count, name))


@bp.post("/<id:segment_id>/members/<id:customer_id>")
@requires(Permission.SEGMENTS_EDIT)
def put_back(segment_id: str, customer_id: str) -> ResponseReturnValue:
    """Add one customer: the undo of taking one off."""
    count = service.add_members(segment_id, [customer_id], by=g.actor, at=clock.now())
    name = find(CustomerSegment, segment_id).name
    return see_other(url_for(".show", segment_id=segment_id), toast=_added(count, name))


@bp.post("/<id:segment_id>/members/<id:customer_id>/deletion")
@requires(Permission.SEGMENTS_EDIT)
def remove(segment_id: str, customer_id: str) -> ResponseReturnValue:
    service.remove_members(segment_id, [customer_id], by=g.actor, at=clock.now())
    name = customer_queries.customer(customer_id).name
    return see_other(
        url_for(".show", segment_id=segment_id),
        toast=f"{name} is off the list",
        undo={"url": url_for(".put_back", segment_id=segment_id, customer_id=customer_id)},
    )


def _candidates(segment: CustomerSegment) -> dict[str, Any]:
    typed = arguments().text("q")
    found: list[Customer] = finding.search(typed, FOUND) if typed else []
    there = queries.in_segment(segment.id, [row.id for row in found]) if found else set()
    return {"typed": typed, "found": found, "there": there}


def _ticked() -> list[str]:
    ids = posted().row_ids("id", AT_ONCE)
    if not ids:
        raise NobodyChosen
    return ids


def _added(count: int, name: str) -> str:
    if count == 0:
        return f"They are in {name} already"
    return f"1 customer added to {name}" if count == 1 else f"{count:,} customers added to {name}"
