"""What people type about a segment; its rule is read by `draft`."""

from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Length

from nxloy_web.tables.segments import SegmentKind
from nxloy_web.web.fields import needed, one_line
from nxloy_web.web.forms import CreateForm, EditForm


class SegmentFields:
    name = StringField("Name", needed("Give it a name."), filters=[one_line])
    description = TextAreaField(
        "Description", [Length(max=500, message="Use at most 500 characters.")]
    )


class NewSegmentForm(SegmentFields, CreateForm):
    kind = HiddenField(default=SegmentKind.DYNAMIC.value)

    @property
    def chosen_kind(self) -> SegmentKind:
        """A rule, unless a hand-made list was asked for."""
        manual = (self.kind.data or "").upper() == SegmentKind.MANUAL.value
        return SegmentKind.MANUAL if manual else SegmentKind.DYNAMIC


class EditSegmentForm(SegmentFields, EditForm):
    pass
