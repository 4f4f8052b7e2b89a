"""Imports of customers and purchases."""

from nxloy_web.imports import routes
from nxloy_web.permissions import Permission
from nxloy_web.web.features import Deed, DeskPage, Feature

FEATURE = Feature(
    pages=(routes,),
    desk=(DeskPage("Program", "Imports", "upload", "imports.index", Permission.IMPORTS_VIEW),),
    deeds=(Deed("Import a file", "upload", "imports.new", Permission.IMPORTS_EDIT),),
    jobs={
        "imports.check": "Check an import",
        "imports.run": "Bring in an import",
        "imports.undo": "Undo an import",
        "imports.forget_lines": "Delete the lines of an import",
        "imports.take_old_files_away": "Delete the files of old imports",
    },
)
