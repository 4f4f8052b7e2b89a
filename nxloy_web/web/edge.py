"""One request, end to end: find the business, check the right, run the view, commit, render."""

from collections.abc import Callable, MutableMapping
from contextlib import nullcontext
from typing import Any

from flask import Flask, Response, g, request
from flask.templating import Environment
from flask.typing import ResponseReturnValue

from nxloy_web import texts
from nxloy_web.db import db
from nxloy_web.db.scope import enter_scope
from nxloy_web.web.answers import Answer
from nxloy_web.web.places import actor_of, place_of_request


class Templates(Environment):
    """Jinja's environment, whose templates share one dictionary of globals.

    Jinja gives each template a chain of two, and compares the chains name by name at every
    import: with components in files of their own that was a tenth of a page's time.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals


class NxFlask(Flask):
    """Flask whose views run inside their business's scope and one database transaction."""

    jinja_environment = Templates
    around_page: Callable[[], dict[str, Any]] = dict
    """What every whole page is given besides its own context; see page_frame.py."""
    nav_counts: Callable[[], dict[str, str]] = dict
    """The figures of the navigation that a part of a page brings along."""

    def full_dispatch_request(self) -> Response:
        with texts.speaking(texts.ENGLISH):
            return super().full_dispatch_request()

    def dispatch_request(self) -> ResponseReturnValue:
        if request.routing_exception is not None:
            self.raise_routing_exception(request)
        rule = request.url_rule
        view = self.view_functions[rule.endpoint] if rule is not None else None
        place = place_of_request(view)
        g.place = place
        if place is None:
            return self._run(nullcontext())
        g.actor = actor_of(place)
        texts.speak(place.locale)  # also for the page of a refusal, which is drawn later
        return self._run(enter_scope(place.business_id))

    def draw(self, answer: Answer) -> Response:
        """A page that no view returns, of a refusal: in a transaction of its own, to read only."""
        place = g.get("place")
        try:
            with enter_scope(place.business_id) if place else nullcontext():
                if answer.is_whole_page:
                    answer.context.update(self.around_page())
                return answer.render()
        finally:
            db.session.rollback()

    def _run(self, scope: Any) -> ResponseReturnValue:
        with scope:
            try:
                answer = super().dispatch_request()
                return self._finish(answer)
            except BaseException:
                db.session.rollback()
                raise

    def _finish(self, answer: Any) -> ResponseReturnValue:
        # A page that only reads keeps one transaction to the end. A change is committed before
        # it is rendered, so that no lock is held while HTML is made.
        only_reads = request.method in ("GET", "HEAD")
        if not only_reads:
            db.session.commit()
        if isinstance(answer, Answer):
            if answer.is_whole_page:
                answer.context.update(self.around_page())
            elif answer.is_change or only_reads:
                answer.nav_counts.update(self.nav_counts())
            response: Any = answer.render()
        else:
            response = answer
        if only_reads:
            db.session.commit()
        else:
            db.session.rollback()
        return response
