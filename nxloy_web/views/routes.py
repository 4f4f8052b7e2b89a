"""Keeping the list on screen as a view, and forgetting one."""

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web.errors import BusinessRule
from nxloy_web.permissions import Permission, requires
from nxloy_web.tables.views import ListName
from nxloy_web.views import service
from nxloy_web.views.forms import ViewForm
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.arguments import LONGEST_QUERY, Arguments, arguments
from nxloy_web.web.places import desk

bp = desk("views", __name__, "/views")

_LISTS = {ListName.CUSTOMERS: "customers.index", ListName.REDEMPTIONS: "redemptions.index"}


@bp.get("/new")
@requires(Permission.VIEWS_KEEP)
def new() -> ResponseReturnValue:
    said = arguments()
    of_list = said.member("of_list", ListName) or ListName.CUSTOMERS
    shown = {"of_list": of_list.value, "query": said.text("query", LONGEST_QUERY)}
    return _page(ViewForm.from_request(data=shown))


@bp.post("/new")
@requires(Permission.VIEWS_KEEP)
def save() -> ResponseReturnValue:
    form = ViewForm.from_request()
    if not form.validate():
        return _page(form, status=422)
    query = (form.query.data or "")[:LONGEST_QUERY]
    facts = service.ViewFacts(_list_of(form), form.name.data, query)
    try:
        view = service.save(form.new_id.data, facts, by=g.actor)
    except BusinessRule as error:
        form.refuse("name", error.message)
        return _page(form, status=422)
    there = f"{url_for(_LISTS[view.of_list])}?{view.query}"
    return see_other(there, toast=f"{view.name} is kept, for you alone")


@bp.post("/<id:view_id>/deletion")
@requires(Permission.VIEWS_KEEP)
def delete(view_id: str) -> ResponseReturnValue:
    of_list = service.delete(view_id, by=g.actor)
    return see_other(url_for(_LISTS[of_list or ListName.CUSTOMERS]), toast="The view is deleted")


def _list_of(form: ViewForm) -> ListName:
    said = Arguments([("of_list", form.of_list.data)])
    return said.member("of_list", ListName) or ListName.CUSTOMERS


def _page(form: ViewForm, status: int = 200) -> ResponseReturnValue:
    return page(
        "views/new.html",
        fragment="views/_new.html",
        status=status,
        form=form,
        back=url_for(_LISTS[_list_of(form)]),
    )
