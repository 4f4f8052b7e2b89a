"""The shops of a business, and which of them this counter stands in."""

from flask import g, request, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.audit.late_forms import keep_typed
from nxloy_web.businesses import locations, queries
from nxloy_web.businesses.facts import LocationFacts
from nxloy_web.businesses.forms import EditLocationForm, LocationFields, NewLocationForm
from nxloy_web.db.facts import facts_of
from nxloy_web.db.rows import find
from nxloy_web.errors import Stale
from nxloy_web.permissions import Permission, requires
from nxloy_web.tables.businesses import Location
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.counter_location import remember
from nxloy_web.web.facts import typed
from nxloy_web.web.links import local_path
from nxloy_web.web.places import desk

bp = desk("locations", __name__, "/locations")


@bp.get("/")
@requires(Permission.LOCATIONS_EDIT)
def index() -> ResponseReturnValue:
    return page("locations/index.html", locations=queries.locations(), deleted=locations.deleted())


@bp.get("/new")
@requires(Permission.LOCATIONS_EDIT)
def new() -> ResponseReturnValue:
    return _form_page(NewLocationForm.from_request())


@bp.post("/new")
@requires(Permission.LOCATIONS_EDIT)
def create() -> ResponseReturnValue:
    form = NewLocationForm.from_request()
    if not form.validate():
        return _form_page(form, status=422)
    try:
        location = locations.add(
            form.new_id.data, typed(form, LocationFacts), by=g.actor, at=clock.now()
        )
    except locations.LocationNameTaken as refusal:
        form.refuse("name", refusal.message)
        return _form_page(form, status=422)
    return see_other(url_for(".index"), toast=f"{location.name} is added")


@bp.get("/<id:location_id>/edit")
@requires(Permission.LOCATIONS_EDIT)
def edit(location_id: str) -> ResponseReturnValue:
    location = find(Location, location_id)
    return _form_page(_edit_form(location), location)


@bp.post("/<id:location_id>/edit")
@requires(Permission.LOCATIONS_EDIT)
def save(location_id: str) -> ResponseReturnValue:
    location = find(Location, location_id)
    form = _edit_form(location)
    if not form.validate():
        return _form_page(form, location, status=422)
    try:
        locations.edit(
            location_id,
            typed(form, LocationFacts),
            version=form.version.data,
            by=g.actor,
            at=clock.now(),
        )
    except Stale:
        location = find(Location, location_id)
        keep_typed(form, location)
        return _form_page(form, location, status=409)
    except locations.LocationNameTaken as refusal:
        form.refuse("name", refusal.message)
        return _form_page(form, location, status=422)
    return see_other(url_for(".index"), toast="Saved")


@bp.post("/<id:location_id>/deletion")
@requires(Permission.LOCATIONS_EDIT)
def delete(location_id: str) -> ResponseReturnValue:
    location = locations.delete(location_id, by=g.actor, at=clock.now())
    return see_other(
        url_for(".index"),
        toast=f"{location.name} is deleted",
        undo={"url": url_for(".restore", location_id=location_id)},
    )


@bp.post("/<id:location_id>/restoration")
@requires(Permission.LOCATIONS_EDIT)
def restore(location_id: str) -> ResponseReturnValue:
    location = locations.restore(location_id, by=g.actor, at=clock.now())
    return see_other(url_for(".index"), toast=f"{location.name} is back")


@bp.post("/choice")
@requires(Permission.POINTS_GIVE)
def choose() -> ResponseReturnValue:
    """Remember in this browser where the counter stands; empty forgets it."""
    chosen = request.form.get("location_id", "")
    location_id = find(Location, chosen).id if chosen else None
    answer = see_other(local_path(request.form.get("next")) or url_for("counter.index"))
    remember(answer, g.place.slug, g.place.business_id, location_id)
    return answer


def _edit_form(location: Location) -> EditLocationForm:
    return EditLocationForm.of(facts_of(location, LocationFacts), version=location.version)


def _form_page(
    form: LocationFields, location: Location | None = None, status: int = 200
) -> ResponseReturnValue:
    return page("locations/form.html", status=status, form=form, location=location)
