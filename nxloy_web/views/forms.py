"""What people type about a view."""

from wtforms import HiddenField, StringField

from nxloy_web.tables.views import ListName
from nxloy_web.web.fields import needed, one_line
from nxloy_web.web.forms import CreateForm


class ViewForm(CreateForm):
    name = StringField("Name", needed("Give it a name.", 40), filters=[one_line])
    of_list = HiddenField(default=ListName.CUSTOMERS.value)
    query = HiddenField()
