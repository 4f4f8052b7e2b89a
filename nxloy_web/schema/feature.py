"""The schema, for whoever runs this installation."""

from nxloy_web.schema import routes
from nxloy_web.schema.commands import schema_group
from nxloy_web.web.features import Feature, OperatorPage

FEATURE = Feature(
    pages=(routes,),
    operator=(OperatorPage("Installation", "Schema", "database", "schema.index"),),
    commands=(schema_group,),
)
