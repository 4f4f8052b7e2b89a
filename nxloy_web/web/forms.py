"""What every form shares: CSRF, ids for new rows, versions for edited ones."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from wtforms import FileField, HiddenField, IntegerField, ValidationError
from wtforms.widgets import HiddenInput

from nxloy_web.db.ids import is_id, new_id
from nxloy_web.texts import Text
from nxloy_web.web import facts as form_facts

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from pydantic import BaseModel


class BaseForm(FlaskForm):
    """A form that trims what people type and can say whether everything is right."""

    class Meta(FlaskForm.Meta):
        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            filters = unbound_field.kwargs.get("filters", [])
            if _is_typed_text(unbound_field.field_class) and _trim not in filters:
                unbound_field.kwargs["filters"] = [*filters, _trim]
            return unbound_field.bind(form=form, **options)

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """What was sent: texts for fields of text, files for fields of files.

            A file in the place of a text, or JSON in the place of a form, is no answer to any
            question here: the field counts as left empty, and says so.
            """
            if formdata is None or isinstance(formdata, MultiDict):
                return formdata
            if not form.is_submitted():
                return None
            asked = [field.name for field in form if isinstance(field, FileField)]
            files = [(name, file) for name in asked for file in request.files.getlist(name)]
            return CombinedMultiDict([MultiDict(files), request.form])

    @classmethod
    def from_request(cls, **options: Any) -> Self:
        """The form as sent, or with the values of `obj`/`data` when it is only shown."""
        return cls(**options)

    @property
    def is_sent(self) -> bool:
        return request.method == "POST"

    def refuse(self, field: str, message: str | Text) -> None:
        """Put the sentence of a broken rule beside the field it is about."""
        self[field].errors = [*self[field].errors, str(message)]


class CreateForm(BaseForm):
    """Makes a row whose id was drawn with the form: a second press finds the first row."""

    new_id = HiddenField(default=new_id)

    def validate_new_id(self, field: HiddenField) -> None:
        if not is_id(field.data or ""):
            raise ValidationError("Open the form again and send it once more.")

    def refuse(self, field: str, message: str | Text) -> None:
        super().refuse(field, message)
        self.begin_again()

    def begin_again(self) -> None:
        """What is sent next is another wish: nothing was made of this one."""
        self.new_id.data = new_id()


class AskingForm(BaseForm):
    """May do more than who sends it: then the next press asks somebody else to agree."""

    asking = HiddenField()
    """The id of that request. Not the one of the form, which may still do less."""

    @property
    def asks(self) -> bool:
        return is_id(self.asking.data or "")

    def offer_to_ask(self) -> None:
        self.asking.data = new_id()


class VersionField(IntegerField):
    """Which version of the row the page has shown. Sent without it, a form is late: the version
    of today says nothing about what somebody saw."""

    widget = HiddenInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data: int | None = None
        super().process_formdata(valuelist)


class EditForm(BaseForm):
    """Changes a row as it was when the form was drawn."""

    version = VersionField()

    @classmethod
    def of(
        cls,
        facts: "DataclassInstance | BaseModel",
        *,
        version: int,
        beside: Mapping[str, object] = MappingProxyType({}),
    ) -> Self:
        """The form as sent, or with the facts of a row of this version when it is only shown.

        `beside` are values of fields that are no facts.
        """
        return cls.from_request(data={**form_facts.shown(facts), **beside, "version": version})


def _trim(value: Any) -> Any:
    # Browsers send every line break as CR LF.
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


def _is_typed_text(kind: type) -> bool:
    return kind.__name__ in {
        "StringField",
        "TextAreaField",
        "EmailField",
        "SearchField",
        "TelField",
        "URLField",
    }
