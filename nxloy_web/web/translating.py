"""Texts in templates: `_("…")`, `ngettext` and `{% trans %}`, as `nxloy_web.texts` writes them."""

from flask import Flask
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from nxloy_web import texts
from nxloy_web.texts import Part


def init_app(app: Flask) -> None:
    jinja = app.jinja_env
    jinja.add_extension("jinja2.ext.i18n")
    jinja.add_extension("jinja2.ext.do")  # `{% set _ = … %}` would hide the other `_`
    # Not install_gettext_callables: it would put whole numbers in without the locale.
    jinja.newstyle_gettext = True  # type: ignore[attr-defined]
    jinja.policies["ext.i18n.trimmed"] = True
    jinja.globals.update(gettext=_gettext, ngettext=_ngettext)


@pass_context
def _gettext(context: Context, message: str, /, **parts: Part) -> str:
    return _filled(context, texts.translations().gettext(message), parts)


@pass_context
def _ngettext(context: Context, one: str, many: str, count: int, /, **parts: Part) -> str:
    sentence = texts.translations().ngettext(one, many, count)
    return _filled(context, sentence, {"num": count, **parts})


def _filled(context: Context, sentence: str, parts: dict[str, Part]) -> str:
    if context.eval_ctx.autoescape:
        sentence = Markup(sentence)  # noqa: S704  (ours; the parts are escaped)
    return sentence % texts.written(parts)
