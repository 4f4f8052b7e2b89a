"""Every thing that people edit, and what belongs to it: its table, its facts, its forms.

Whoever adds a column, a fact, a form or a whole new thing meets the tests of this folder.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from flask_wtf import FlaskForm
from sqlalchemy import select

from nxloy_web.businesses.facts import BusinessFacts, LocationFacts
from nxloy_web.businesses.forms import EditLocationForm, NewLocationForm, SettingsForm
from nxloy_web.customers.facts import CustomerFacts
from nxloy_web.customers.forms import EditCustomerForm, NewCustomerForm
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
from nxloy_web.tables.customers import Customer, CustomerPreferences
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
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What a fact fills, where that is not the one column of its name."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """Fields of a form that are no facts; and why."""
    without_field: frozenset[str] = frozenset()
    """Facts that are read from the page in a way of their own."""
    button: str = "Save"
    to_change: tuple[str, str] = ("name", "Another name")
    """A field to type something else into."""
    changed: frozenset[str] = frozenset({"name"})
    """The columns that this changes."""

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
        point_name="Bohne",
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
        "last_tier_change": "kept so that it can be undone",
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
        staff_adjust_day_limit=None,
        staff_purchase_limit=7,
        staff_customer_day_limit=8,
        staff_day_limit=9,
        manager_adjust_limit=10,
        manager_adjust_day_limit=11,
        manager_purchase_limit=0,
        manager_customer_day_limit=12,
        manager_day_limit=13,
        alone_may_serve_self=True,
        balance_may_go_negative=True,
        redemption_days=3,
        contact_email="böhnchen@example.com",
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


def _customer(shop: Shop) -> Customer:
    referrer = Customer(
        id=new_id(),
        member_code="GONE1234",
        email="gone@example.com",
        email_norm="gone@example.com",
        deleted_at=NOON,
    )
    db.session.add(referrer)
    db.session.flush()
    return Customer(
        id=new_id(),
        member_code="ZOE12345",
        first_name="Zoë",
        last_name="O'Neil-Straße",
        name_norm="zoe oneil-strasse",
        email="Zoe@Example.COM",
        email_norm="zoe@example.com",
        phone_number="030 / 901 820",
        phone_e164="+4930901820",
        date_of_birth=date(1904, 2, 29),
        external_id="K-" + "7" * 98,
        tags=["VIP", "oat milk", "Größe 40"],
        preferences=CustomerPreferences(language="pt", notes=LINES),
        email_opt_in=False,
        sms_opt_in=True,
        referred_by=referrer.id,
        gender="x",
        avatar="5f" * 32,
    )


CUSTOMER = Thing(
    model=Customer,
    facts=CustomerFacts,
    forms=(NewCustomerForm, EditCustomerForm),
    filled=_customer,
    page="/customers/{id}/edit",
    new=("/customers/new", "Enrol"),
    not_edited={
        "user_id": "who signs in to the card: linked by the code to their address",
        "member_code": "printed on the card",
        "name_norm": "made of the name",
        "status": "verbs of its own: blocked, unblocked",
        "gender": "no screen asks for it",
        "avatar": "no screen asks for it",
        "erased_at": "kept by erasing",
        "purchase_count": "kept by purchases",
        "spent_minor": "kept by purchases",
        "first_purchase_at": "kept by purchases",
        "last_purchase_at": "kept by purchases",
    },
    columns={
        "email": ("email", "email_norm"),
        "phone": ("phone_number", "phone_e164"),
        "notes": ("preferences",),
    },
    beside={
        "referrer": "a name or code that says who `referred_by` is",
        "referred_by": "one of those whom `referrer` may mean",
    },
    without_field=frozenset({"referred_by"}),  # drawn only when several may be meant
    to_change=("first_name", "Another name"),
    changed=frozenset({"first_name", "name_norm"}),
)

THINGS = (REWARD, PROGRAM, TIER, SEGMENT, BUSINESS, LOCATION, CUSTOMER)
EDITED_ELSEWHERE = {
    "Membership": "one choice: the role",
    "RewardRedemption": "decided by verbs, never typed",
}
"""Other tables with a version; and why they are no things of their own."""
