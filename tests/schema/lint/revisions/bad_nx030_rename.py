"""A rename that is ended before its rows were copied."""

from nxloy_web.schema import renames

revision = "bad_nx030_rename"
down_revision = "beginning"
phase = "contract"
min_app = "0.1.0"


def upgrade() -> None:
    renames.finish_rename("customers", "points", "balance")  # expect: NX030


def downgrade() -> None:
    renames.unfinish_rename("customers", "points", "balance", "integer")
