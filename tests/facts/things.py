"""Every thing that people edit, and what belongs to it: its table, its facts, its forms.

Whoever adds a column, a fact, a form or a whole new thing meets the tests of this folder.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from flask_wtf import FlaskForm
from sqlalchemy import select

from nxloy_web.businesses.facts import BusinessFacts, LocationFacts
from nxloy_web.businesses.forms import EditLocationForm, NewLocationForm, SettingsForm
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.programs.facts import ProgramFacts, TierFacts
from nxloy_web.programs.forms import (
    EditProgramForm,
    EditTierForm,
    NewProgramForm,
    NewTierForm,
)
from nxloy_web.rewards.facts import RewardFacts
from nxloy_web.rewards.forms import EditRewardForm, NewRewardForm
from nxloy_web.segments.catalog import FACTS as CATALOGUE
from nxloy_web.segments.facts import SegmentFacts
from nxloy_web.segments.forms import EditSegmentForm, NewSegmentForm
from nxloy_web.segments.queries import surroundings
from nxloy_web.tables.businesses import Business, BusinessSettings, Location
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier, ProgramSettings, ProgramType
from nxloy_web.tables.rewards import Reward, RewardType
from nxloy_web.tables.segments import (
    Condition,
    CustomerSegment,
    Group,
    SegmentKind,
    SegmentRules,
)
from tests.factories import NOON, Shop

LINES = 'First – "quoted" & <b>plain</b>\n\nThird line, 50 % off'
KEPT_BY_THE_PLATFORM = {"business_id", "id", "created_at", "updated_at", "deleted_at", "version"}
HIDDEN_IN_EVERY_FORM = {"csrf_token", "new_id", "version"}


@dataclass(frozen=True)
class Thing:
    model: type
    facts: type
    forms: tuple[type[FlaskForm], ...]
    filled: Callable[[Shop], Any]
    """A row in which every fact has an unusual value; called inside of the business."""
    page: str
    """The address of its form, with {id}, and {program_id} of the shop."""
    new: tuple[str, str] | None
    """The address of the form that makes one, and what stands on its button."""
    not_edited: Mapping[str, str]
    """Columns, and fields of JSON columns, that no form asks for; and why."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """Fields of a form that are no facts; and why."""
    without_field: frozenset[str] = frozenset()
    """Facts that are read from the page in a way of their own."""
    button: str = "Save"

    def __str__(self) -> str:
        return self.facts.__name__


def _reward(shop: Shop) -> Reward:
    segment = CustomerSegment(name="Long gone", kind=SegmentKind.MANUAL, deleted_at=NOON)
    tier = LoyaltyTier(program_id=shop.program_id, name="Gold", required_points=500)
    db.session.add_all([segment, tier])
    db.session.flush()
    return Reward(
        id=new_id(),
        name="Crème brûlée",
        description=LINES,
        type=RewardType.DISCOUNT_PERCENTAGE,
        category="Éclairs & more",
        tags=["50 % off", "c#", "oat-milk"],
        image="5f" * 32,
        icon="percent",
        program_id=shop.program_id,
        points_cost=1_234_567,
        money_cost=199,
        currency="EUR",
        start_date=datetime(2026, 3, 1, 7, 0, 59, 123456, tzinfo=UTC),
        # 02:30 in Berlin for the second time that night.
        end_date=datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        max_per_user=7,
        needs_approval=False,
        tier_id=tier.id,
        segment_id=segment.id,
    )


REWARD = Thing(
    model=Reward,
    facts=RewardFacts,
    forms=(NewRewardForm, EditRewardForm),
    filled=_reward,
    page="/rewards/{id}/edit",
    new=("/rewards/new", "Add reward"),
    not_edited={
        "status": "verbs of its own: offered, taken off offer, archived",
        "currency": "that of the business",
        "total_stock": "stock has verbs of its own",
        "current_stock": "stock has verbs of its own",
    },
    beside={
        "picture": "a file; its hash becomes `image`",
        "remove_picture": "empties `image`",
        "in_stock": "the first stock of a new reward",
        "offer": "a new reward is offered at once",
    },
)


def _program(shop: Shop) -> LoyaltyProgram:
    return LoyaltyProgram(
        id=new_id(),
        name="Café Bohnen",
        type=ProgramType.SUBSCRIPTION,  # no longer offered, and still somebody's
        points_name="Bohnen",
        description=LINES,
        currency="EUR",
        settings=ProgramSettings(expiry="months", expiry_after=37),
    )


PROGRAM = Thing(
    model=LoyaltyProgram,
    facts=ProgramFacts,
    forms=(NewProgramForm, EditProgramForm),
    filled=_program,
    page="/programs/{id}/edit",
    new=("/programs/new", "Create program"),
    not_edited={
        "status": "verbs of its own: activated, paused, archived",
        "currency": "that of the business",
    },
)


def _tier(shop: Shop) -> LoyaltyTier:
    return LoyaltyTier(
        id=new_id(),
        program_id=shop.program_id,
        name="Übergold",
        description="Only for <you> & me",
        required_points=1_999_999_999,
        multiplier=Decimal("12.05"),
        color="#c0ffee",
        icon="flower-2",
        benefits=["10 % off, always", 'A "quoted" gift'],
    )


TIER = Thing(
    model=LoyaltyTier,
    facts=TierFacts,
    forms=(NewTierForm, EditTierForm),
    filled=_tier,
    page="/programs/{program_id}/tiers/{id}/edit",
    new=("/programs/{program_id}/tiers/new", "Add tier"),
    not_edited={"program_id": "a tier stays in its program"},
)


def _segment(shop: Shop) -> CustomerSegment:
    tier = LoyaltyTier(program_id=shop.program_id, name="Gold", required_points=500)
    db.session.add(tier)
    db.session.flush()
    return CustomerSegment(
        id=new_id(),
        name="Stammgäste & more",
        description=LINES,
        kind=SegmentKind.DYNAMIC,
        rules=SegmentRules(match="any", items=[*_every_condition()]),
    )


def _every_condition() -> Iterator[Group]:
    """A group a fact of the catalogue, with every comparison it knows."""
    typed = {"text": "oat milk", "money": "123456", "number": "90", "date": "2026-02-28"}
    around = surroundings()
    for name, fact in CATALOGUE.items():
        yield Group(
            match="any",
            items=[
                Condition(
                    field=name,
                    operator=operator,
                    value=typed.get(comparison.value.control)
                    or list(comparison.value.options(around))[-1],
                )
                for operator, comparison in fact.comparisons.items()
            ],
        )


SEGMENT = Thing(
    model=CustomerSegment,
    facts=SegmentFacts,
    forms=(NewSegmentForm, EditSegmentForm),
    filled=_segment,
    page="/segments/{id}/edit",
    new=("/segments/new", "Create segment"),
    not_edited={
        "kind": "chosen once: a rule, or a list",
        "member_count": "counted",
        "refreshed_at": "when it was counted",
    },
    beside={"kind": "chosen once, by the button that opens the form"},
    without_field=frozenset({"rules"}),  # read by `draft`, from fields named by their place
)


def _business(shop: Shop) -> Business:
    row = db.session.scalars(select(Business).where(Business.id == shop.business_id)).one()
    row.name, row.timezone, row.locale = "Café <Böhnchen> & Co", "Asia/Kathmandu", "de"
    row.settings = BusinessSettings(
        usual_points=123,
        staff_adjust_limit=0,
        balance_may_go_negative=True,
        redemption_days=3,
        hue=359,
    )
    return row


BUSINESS = Thing(
    model=Business,
    facts=BusinessFacts,
    forms=(SettingsForm,),
    filled=_business,
    page="/settings/",
    new=None,
    not_edited={"slug": "printed on posters"},
)


def _location(shop: Shop) -> Location:
    return Location(id=new_id(), name="Quai d’Orsay", address=LINES)


LOCATION = Thing(
    model=Location,
    facts=LocationFacts,
    forms=(NewLocationForm, EditLocationForm),
    filled=_location,
    page="/locations/{id}/edit",
    new=("/locations/new", "Add"),
    not_edited={},
)

THINGS = (REWARD, PROGRAM, TIER, SEGMENT, BUSINESS, LOCATION)
