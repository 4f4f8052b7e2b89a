"""The database: one Flask-SQLAlchemy object whose session knows tenants and soft deletes."""

from flask_sqlalchemy import SQLAlchemy

from nxloy_web.db import discreet
from nxloy_web.db.base import Base
from nxloy_web.db.session import NxSession

db = SQLAlchemy(
    metadata=Base.metadata,
    session_options={"class_": NxSession, "expire_on_commit": False},
)

__all__ = ["db", "discreet"]
