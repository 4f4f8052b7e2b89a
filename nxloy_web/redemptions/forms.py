"""What people type about a redemption."""

from wtforms import HiddenField, IntegerField, StringField
from wtforms.validators import DataRequired, Length
from wtforms.validators import Optional as MayBeEmpty
from wtforms.widgets import HiddenInput

from nxloy_web.web.forms import BaseForm


class DecisionForm(BaseForm):
    """One press: approve or hand over. The version says which state the person saw."""

    version = IntegerField(widget=HiddenInput(), validators=[MayBeEmpty()])
    query = HiddenField()


class ReasonForm(DecisionForm):
    """Cancelling and refunding need a reason that the customer can be told."""

    reason = StringField(
        "Reason",
        validators=[
            DataRequired("Say why, so that the customer can be told."),
            Length(max=200, message="Keep the reason under 200 characters."),
        ],
    )


class RejectionForm(ReasonForm):
    """The same, asked in the list."""

    back = HiddenField()
