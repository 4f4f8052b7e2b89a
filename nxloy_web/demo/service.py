"""Loading the demo: two businesses, one with a past. Loaded once; a second time it stays."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from nxloy_web.actors import Actor
from nxloy_web.customers import service as customers
from nxloy_web.customers.facts import NEWCOMER
from nxloy_web.db import db, doors
from nxloy_web.db.ids import new_id
from nxloy_web.db.scope import enter_scope
from nxloy_web.demo import cast
from nxloy_web.demo.story import WEEKS, Story
from nxloy_web.identity import passwords
from nxloy_web.permissions import Role
from nxloy_web.rewards import stock
from nxloy_web.tables.auth import User
from nxloy_web.tables.businesses import Business, BusinessSettings, Location, Membership
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import (
    EarningRule,
    EarningTerms,
    LoyaltyProgram,
    LoyaltyTier,
    ProgramStatus,
    ProgramType,
)
from nxloy_web.tables.rewards import Reward, RewardStatus, RewardType
from nxloy_web.tables.segments import (
    Condition,
    CustomerSegment,
    CustomerSegmentMember,
    SegmentKind,
    SegmentRules,
)


def load(at: datetime) -> bool:
    """Make what is missing; False when the demo business is there already.

    Each business is one transaction, the one with the past last: after a kill the next call
    starts that one afresh.
    """
    if doors.front(cast.SLUG) is not None:
        return False
    people = _people(at)
    if doors.front(cast.OTHER_SLUG) is None:
        _other(people, at)
    _harbour(people, at)
    return True


def _people(at: datetime) -> dict[str, str]:
    """The ids of everybody who can sign in, by address."""
    password_hash = passwords.hashed(cast.PASSWORD)
    first, last, address = cast.CUSTOMER
    wanted: list[tuple[str, str, str | None]] = [
        (name, email, password_hash) for name, email in _TEAM
    ]
    wanted.append((f"{first} {last}", address, None))
    ids = {}
    for name, email, hashed in wanted:
        user = db.session.scalar(select(User).where(User.email_norm == email))
        if user is None:
            user = User(id=new_id(), name=name, email=email, email_norm=email)
            user.email_verified, user.email_verified_at = True, at
            user.password_hash = hashed
            db.session.add(user)
        ids[email] = user.id
    db.session.commit()
    return ids


_TEAM = (cast.OWNER, cast.MANAGER, cast.STAFF, cast.ANALYST)


def _harbour(people: dict[str, str], at: datetime) -> None:
    business_id = new_id()
    opened_at = at - timedelta(weeks=WEEKS, days=2)
    with enter_scope(business_id):
        _business(business_id, "Harbour Coffee", cast.SLUG, hue=285)
        roles = (Role.OWNER, Role.MANAGER, Role.STAFF, Role.ANALYST)
        for (_, email), role in zip(_TEAM, roles, strict=True):
            db.session.add(Membership(user_id=people[email], role=role))
        locations = [
            Location(id=new_id(), name=name, address=where) for name, where in cast.LOCATIONS
        ]
        db.session.add_all(locations)
        program_id = _program("Harbour Points", "Points", cast.POINTS_PER_EURO, opened_at)
        tiers = _tiers(program_id)
        owner = Actor(kind="team", user_id=people[cast.OWNER[1]], role=Role.OWNER)
        reward_ids = _rewards(program_id, owner, opened_at)
        _specials(program_id, tiers["Gold"])
        Story(
            business_id=business_id,
            program_id=program_id,
            location_ids=[location.id for location in locations],
            reward_ids=reward_ids,
            staff=Actor(kind="team", user_id=people[cast.STAFF[1]], role=Role.STAFF),
            now=at,
            amara_user_id=people[cast.CUSTOMER[2]],
        ).tell()
        _segments(at)
        db.session.commit()


def _other(people: dict[str, str], at: datetime) -> None:
    business_id = new_id()
    with enter_scope(business_id):
        _business(business_id, "Fern & Thread", cast.OTHER_SLUG, hue=155)
        owner_id = people[cast.OWNER[1]]
        db.session.add(Membership(user_id=owner_id, role=Role.OWNER))
        db.session.add(Location(name="Main Street"))
        program_id = _program("Fern Card", "Leaves", 1, at)
        db.session.add(
            Reward(
                name="Gift wrapping",
                type=RewardType.FREE_ITEM,
                status=RewardStatus.ACTIVE,
                program_id=program_id,
                points_cost=50,
                currency="EUR",
                icon="gift",
            )
        )
        first, last, address = cast.CUSTOMER
        customers.enrol(
            new_id(),
            replace(NEWCOMER, first_name=first, last_name=last, email=address),
            user_id=people[address],
            by=Actor(kind="team", user_id=owner_id, role=Role.OWNER),
            at=at,
        )
        db.session.commit()


def _business(business_id: str, name: str, slug: str, *, hue: int) -> None:
    db.session.add(
        Business(
            id=business_id,
            name=name,
            slug=slug,
            timezone="Europe/Lisbon",
            currency="EUR",
            settings=BusinessSettings(hue=hue),
        )
    )
    db.session.flush()


def _program(name: str, points_name: str, points: int, at: datetime) -> str:
    program = LoyaltyProgram(
        id=new_id(),
        name=name,
        points_name=points_name,
        type=ProgramType.POINTS,
        status=ProgramStatus.ACTIVE,
        currency="EUR",
        created_at=at,
    )
    db.session.add(program)
    db.session.flush()
    db.session.add(
        EarningRule(
            program_id=program.id,
            rule_id=new_id(),
            version=1,
            name=f"{points} for every euro",
            terms=EarningTerms(points=points, per_minor=100),
            created_at=at,
        )
    )
    db.session.flush()
    return program.id


def _tiers(program_id: str) -> dict[str, str]:
    ids = {}
    for name, required, multiplier, color, icon, benefits in cast.TIERS:
        ids[name] = new_id()
        db.session.add(
            LoyaltyTier(
                id=ids[name],
                program_id=program_id,
                name=name,
                required_points=required,
                multiplier=multiplier,
                color=color,
                icon=icon,
                benefits=benefits,
            )
        )
    db.session.flush()
    return ids


def _rewards(program_id: str, owner: Actor, at: datetime) -> list[str]:
    ids = []
    for name, cost, money, pieces, icon, kind, category, approval, tags in cast.REWARDS:
        reward = Reward(
            id=new_id(),
            program_id=program_id,
            name=name,
            type=RewardType[kind],
            status=RewardStatus.ACTIVE,
            points_cost=cost,
            money_cost=money,
            currency="EUR",
            total_stock=None if pieces is None else 0,
            current_stock=None if pieces is None else 0,
            icon=icon,
            category=category,
            tags=tags,
            needs_approval=approval,
        )
        db.session.add(reward)
        db.session.flush()
        if pieces is not None:
            stock.add(reward.id, pieces, reason="Opening stock", by=owner, at=at)
        ids.append(reward.id)
    return ids


def _specials(program_id: str, gold_id: str) -> None:
    """One reward only for Gold, one still a draft: a catalogue is never all on offer."""
    class_, mug = cast.SPECIALS
    common = {"program_id": program_id, "currency": "EUR"}
    db.session.add(
        Reward(
            name=class_,
            type=RewardType.EXPERIENCE,
            status=RewardStatus.ACTIVE,
            points_cost=3_000,
            icon="star",
            category="Events",
            tier_id=gold_id,
            max_per_user=1,
            **common,
        )
    )
    db.session.add(
        Reward(
            name=mug,
            type=RewardType.FREE_ITEM,
            status=RewardStatus.DRAFT,
            points_cost=900,
            icon="coffee",
            category="Shop",
            **common,
        )
    )
    db.session.flush()


def _segments(at: datetime) -> None:
    regulars = CustomerSegment(
        id=new_id(),
        name="Regulars",
        description="Came at least twenty times",
        kind=SegmentKind.DYNAMIC,
        rules=SegmentRules(
            items=[Condition(field="purchase_count", operator="at_least", value="20")]
        ),
    )
    club = CustomerSegment(
        id=new_id(), name="Tasting club", description="Picked by hand", kind=SegmentKind.MANUAL
    )
    db.session.add_all([regulars, club])
    db.session.flush()
    often = select(Customer.id).where(Customer.purchase_count >= 20).order_by(Customer.id)
    most = often.order_by(None).order_by(Customer.spent_minor.desc()).limit(12)
    for segment, statement in ((regulars, often), (club, most)):
        ids = db.session.scalars(statement).all()
        db.session.add_all(
            CustomerSegmentMember(
                business_id=segment.business_id, segment_id=segment.id, customer_id=customer_id
            )
            for customer_id in ids
        )
        segment.member_count, segment.refreshed_at = len(ids), at
    db.session.flush()
