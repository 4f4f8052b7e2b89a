"""Every table, enum and typed JSON, a file a domain: the ground that all features share.

Importing the package loads the whole schema, for migrations, doctor and tests.
"""

from nxloy_web.db.base import Base
from nxloy_web.tables.approvals import Approval
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.auth import Account, SignInTries, User, VerificationCode
from nxloy_web.tables.businesses import Business, Invitation, Location, Membership
from nxloy_web.tables.customers import Customer, CustomerNameWord
from nxloy_web.tables.data_migrations import (
    ApplicationFloor,
    DataMigrationReport,
    DataMigrationRun,
)
from nxloy_web.tables.imports import ImportLine, ImportRun, UploadedFile
from nxloy_web.tables.jobs import JobRun, Pulse
from nxloy_web.tables.loyalty import EarningRule, LoyaltyProgram, LoyaltyTier
from nxloy_web.tables.mail import OutboundMail, UnsentMail
from nxloy_web.tables.points import (
    CustomerBalance,
    LotUse,
    PointLot,
    PointReversal,
    PointTransaction,
)
from nxloy_web.tables.purchases import Purchase
from nxloy_web.tables.redemptions import RedemptionEvent, RewardRedemption
from nxloy_web.tables.rewards import Picture, Reward, StockMovement
from nxloy_web.tables.segments import CustomerSegment, CustomerSegmentMember
from nxloy_web.tables.views import SavedView

OPEN_TABLES = {
    "users": "a person may work in, and be a customer of, many businesses",
    "sign_in_tries": "guesses at a person's password, before any business is entered",
    "verification_codes": "sent before any business is entered",
    "accounts": "a provider's identity belongs to the person",
    "outbound_mails": "sign-in mail is sent before any business is entered",
    "pulses": "whether a worker lives and the mail server answers, for all who work here",
    "application_floors": "the oldest version of the application that may use the database",
    "data_migrations": "how far the installation's schema changes are",
    "data_migration_reports": "rows that no rule decides, for the installation's operator",
}
"""Tables without a business, and why."""

__all__ = [
    "OPEN_TABLES",
    "Account",
    "ApplicationFloor",
    "Approval",
    "AuditEntry",
    "Base",
    "Business",
    "Customer",
    "CustomerBalance",
    "CustomerNameWord",
    "CustomerSegment",
    "CustomerSegmentMember",
    "DataMigrationReport",
    "DataMigrationRun",
    "EarningRule",
    "ImportLine",
    "ImportRun",
    "Invitation",
    "JobRun",
    "Location",
    "LotUse",
    "LoyaltyProgram",
    "LoyaltyTier",
    "Membership",
    "OutboundMail",
    "Picture",
    "PointLot",
    "PointReversal",
    "PointTransaction",
    "Pulse",
    "Purchase",
    "RedemptionEvent",
    "Reward",
    "RewardRedemption",
    "SavedView",
    "SignInTries",
    "StockMovement",
    "UnsentMail",
    "UploadedFile",
    "User",
    "VerificationCode",
]
