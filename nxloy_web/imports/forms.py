"""Upload, and matching columns to fields."""

from collections.abc import Sequence
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, SelectField

from nxloy_web.imports import values
from nxloy_web.imports.columns import FIELDS, Field
from nxloy_web.tables.imports import ImportKind, ImportOptions, ImportRun
from nxloy_web.tables.loyalty import LoyaltyProgram
from nxloy_web.web.forms import BaseForm, CreateForm

CHOOSE = "Choose how it is written"
DECIMALS = {
    ".": "1,234.50 (point before the decimals)",
    ",": "1.234,50 (comma before the decimals)",
}


class UploadForm(CreateForm):
    kind = RadioField(
        "What is in the file?",
        choices={ImportKind.CUSTOMERS.value: "Customers", ImportKind.PURCHASES.value: "Purchases"},
    )
    file = FileField("CSV file", validators=[FileRequired("Choose a file.")])


class MatchForm(BaseForm):
    """One select per field of ours; made for each file by `match_form`."""

    dates = SelectField("Dates are written as", choices={"": CHOOSE} | dict(values.DATE_ORDERS))
    decimals = SelectField("Amounts are written as", choices={"": CHOOSE, **DECIMALS})
    program = SelectField("Points are given in")

    @property
    def columns(self) -> list[tuple[Field, Any]]:
        return [(field, self[f"column_{field.name}"]) for field in FIELDS[self.kind]]

    @property
    def chosen(self) -> dict[str, str]:
        return {field.name: chosen.data for field, chosen in self.columns if chosen.data}

    def options(self, base: ImportOptions) -> ImportOptions:
        """What was chosen, as the run keeps it."""
        changes = {
            "columns": self.chosen,
            "dates": self.dates.data or base.dates,
            "decimals": self.decimals.data or base.decimals,
            "program_id": self.program.data or None,
        }
        return base.model_copy(update=changes)

    def validate(self, extra_validators: Any = None) -> bool:
        right = super().validate(extra_validators)
        if ("date" in self.chosen or "birthday" in self.chosen) and not self.dates.data:
            self.refuse("dates", "Say how dates are written: 03/04 can be in March or in April.")
            right = False
        if "amount" in self.chosen and not self.decimals.data:
            self.refuse("decimals", "Say how amounts are written: 52,620 can be read in two ways.")
            right = False
        return right


def match_form(
    run: ImportRun,
    rows: Sequence[Sequence[str]],
    programs: Sequence[LoyaltyProgram],
    likely_decimals: str,
) -> MatchForm:
    """The form for a file, filled with what is plain from its header and first lines."""
    choices = {"": "—"} | {column: column for column in run.options.header}
    fields = {
        f"column_{field.name}": SelectField(field.label, choices=choices, description=field.hint)
        for field in FIELDS[run.kind]
    }
    form_class: Any = type("MatchForm", (MatchForm,), fields | {"kind": run.kind})
    data = {f"column_{name}": column for name, column in run.options.columns.items()}
    form: MatchForm = form_class.from_request(
        data=data | _likely(run, rows, programs, likely_decimals)
    )
    form.program.choices = {program.id: program.name for program in programs} | {
        "": "No points, only purchases"
    }
    return form


def _likely(
    run: ImportRun,
    rows: Sequence[Sequence[str]],
    programs: Sequence[LoyaltyProgram],
    likely_decimals: str,
) -> dict[str, str]:
    def samples(field: str) -> list[str]:
        column = run.options.columns.get(field)
        place = run.options.header.index(column) if column in run.options.header else None
        return [] if place is None else [row[place] for row in rows if len(row) > place]

    date_field = "birthday" if run.kind is ImportKind.CUSTOMERS else "date"
    return {
        "dates": values.likely_date_order(samples(date_field)) or "",
        "decimals": likely_decimals,
        "program": programs[0].id if programs else "",
    }
