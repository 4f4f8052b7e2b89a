"""The shape of a segment's rule: groups of conditions joined by and / or."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Field_ = Literal[
    "status",
    "tag",
    "joined",
    "birthday_month",
    "email_opt_in",
    "sms_opt_in",
    "purchase_count",
    "spent",
    "last_purchase",
    "points",
    "tier",
    "redemptions",
    "referred",
]
Operator = Literal[
    "is", "is_not", "at_least", "at_most", "within_days", "not_within_days", "before", "after"
]


class Condition(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["condition"] = "condition"
    field: Field_
    operator: Operator
    value: str = Field(max_length=120)


class Group(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["group"] = "group"
    match: Literal["all", "any"] = "all"
    items: list[Annotated["Condition | Group", Field(discriminator="kind")]] = Field(
        default_factory=list, max_length=20
    )


class SegmentRules(Group):
    """The outermost group. Without conditions it holds every customer."""


Group.model_rebuild()
SegmentRules.model_rebuild()
