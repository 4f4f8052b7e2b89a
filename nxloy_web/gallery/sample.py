"""Invented people and figures for the gallery. Nothing here touches the database."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

ISSUED = [610, 640, 720, 790, 830, 860, 845, 838, 842, 790, 740, 720, 690, 684, 671, 660, 655]
ISSUED += [640, 702, 760, 790, 860, 905, 980, 1010, 1040, 1034, 1025, 1010, 980]
REDEEMED = [360, 395, 410, 385, 372, 350, 320, 300, 290, 270, 275, 283, 310, 342, 350, 370, 402]
REDEEMED += [430, 460, 470, 465, 472, 466, 450, 430, 415, 398, 405, 412, 444]
DAYS = [f"{day} Oct" for day in range(24, 32)] + [f"{day} Nov" for day in range(1, 23)]

_PEOPLE = """
Amara Okafor|Bronze|0|Free flat white|coffee|120|NX-PFR9-CD|3 min ago|PENDING
Noah Lindqvist|Platinum|3|Tasting for two|sparkles|2,200|NX-3EQ4-CY|15 min ago|PENDING
Chloe Dubois|Gold|2|Barista T-shirt|shirt|1,400|NX-JCDT-TD|29 min ago|APPROVED
Idris Malik|Silver|1|Birthday cake slice|cake|250|NX-88KD-QA|2 hours ago|FULFILLED
Maria-Magdalena Wojciechowska-Fernández|Silver|1|Weekend brunch for the whole family|utensils|12,800|NX-Z2M7-XX|21 Nov 2026|CANCELLED
"""  # noqa: E501
_KEYS = ("name", "tier", "level", "reward", "icon", "points", "code", "when", "status")
PEOPLE: list[dict[str, Any]] = [
    {"id": number} | dict(zip(_KEYS, line.split("|"), strict=True))
    for number, line in enumerate(_PEOPLE.strip().splitlines(), start=1)
]
for _person in PEOPLE:
    _person["level"] = int(_person["level"])


def desk() -> dict[str, Any]:
    """What the desk layout needs."""
    names = [
        ("", "Components", "layout-grid", True, None, True),
        ("", "Redemptions", "inbox", False, 11, True),
        ("", "Customers", "users", False, None, True),
        ("", "Segments", "list-filter", False, None, False),
        ("Program", "Programs & tiers", "layers", False, None, False),
        ("Program", "Rewards", "gift", False, None, True),
        ("Program", "Imports", "upload", False, None, False),
    ]
    steps = [
        {"label": "Create a program", "href": "#card", "icon": "layers", "done": True},
        {"label": "Import customers", "href": "#table", "icon": "upload", "done": False},
        {"label": "Invite your team", "href": "#menu", "icon": "users", "done": False},
    ]
    return {
        "place": place(),
        "nav": [
            {
                "section": section,
                "label": label,
                "icon": icon,
                "href": f"#{label.lower()}",
                "current": current,
                "count": count,
                "tab": tab,
            }
            for section, label, icon, current, count, tab in names
        ],
        "setup": {"done": 1, "total": 3, "steps": steps},
        "switch_url": "#businesses",
        "home_url": "#top",
        "counter_url": "#counter",
        "account_url": "#account",
        "sign_out_url": "#sign-out",
    }


def portal() -> dict[str, Any]:
    names = [("Card", "wallet"), ("Rewards", "gift"), ("History", "history"), ("Profile", "user")]
    return {
        "place": place(),
        "nav": [
            {
                "label": label,
                "icon": icon,
                "href": f"#{label.lower()}",
                "current": label == "Card",
                "count": None,
            }
            for label, icon in names
        ],
        "sign_out_url": "#sign-out",
    }


def place() -> SimpleNamespace:
    return SimpleNamespace(
        user_id="u1", user_name="Jo Moreno", email="jo@harbour.example", role="OWNER",
        business_id="b1", business_name="Harbour Coffee", slug="harbour", hue=285,
    )  # fmt: skip


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1, seconds=55)
