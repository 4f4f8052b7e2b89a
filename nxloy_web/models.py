"""Every table, for whoever needs the whole schema: migrations, doctor, tests."""

from nxloy_web.audit.models import AuditEntry
from nxloy_web.background.models import JobRun
from nxloy_web.businesses.models import Business, Invitation, Location, Membership
from nxloy_web.customers.models import Customer, CustomerNameWord
from nxloy_web.db.base import Base
from nxloy_web.identity.models import Account, User, VerificationCode
from nxloy_web.imports.models import ImportLine, ImportRun, UploadedFile
from nxloy_web.ledger.models import CustomerBalance, LotUse, PointLot, PointTransaction
from nxloy_web.mail.models import OutboundMail
from nxloy_web.programs.models import EarningRule, LoyaltyProgram, LoyaltyTier
from nxloy_web.purchases.models import Purchase
from nxloy_web.redemptions.models import RedemptionEvent, RewardRedemption
from nxloy_web.rewards.models import Picture, Reward, StockMovement
from nxloy_web.schema.models import DataMigrationReport, DataMigrationRun
from nxloy_web.segments.models import CustomerSegment, CustomerSegmentMember

OPEN_TABLES = {
    "users": "a person may work in, and be a customer of, many businesses",
    "verification_codes": "sent before any business is entered",
    "accounts": "a provider's identity belongs to the person",
    "outbound_mails": "sign-in mail is sent before any business is entered",
    "data_migrations": "how far the installation's schema changes are",
    "data_migration_reports": "rows that no rule decides, for the installation's operator",
}
"""Tables without a business, and why."""

__all__ = [
    "OPEN_TABLES",
    "Account",
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
    "PointTransaction",
    "Purchase",
    "RedemptionEvent",
    "Reward",
    "RewardRedemption",
    "StockMovement",
    "UploadedFile",
    "User",
    "VerificationCode",
]
