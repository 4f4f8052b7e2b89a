"""The people and things of the demo business: fixed, so that every installation looks the same."""

from decimal import Decimal

PASSWORD = "harbour-demo"  # noqa: S105 - printed at the start and in the README
SLUG = "harbour-coffee"
OTHER_SLUG = "fern-and-thread"

OWNER = ("Jo Moreno", "jo@harbour.example")
MANAGER = ("Mina Park", "mina@harbour.example")
STAFF = ("Sam Rivers", "sam@harbour.example")
ANALYST = ("Ada Novak", "ada@harbour.example")
CUSTOMER = ("Amara", "Okafor", "amara@harbour.example")

FIRST_NAMES = """
Aaliyah Aiko Alejandro Amina Anders Anouk Aoife Arjun Astrid Ayşe Björn Camille Carlos Chiara
Chloé Dag Daria Diego Dilnoza Eetu Elif Elena Emre Esther Farah Fatou Femke Finn Freya Giulia
Hana Hassan Hugo Ines Ingrid Isabel Ivan Jae Jamal Jana João Jonas Kaia Kai Kwame Lara Leila
Liam Linnea Lucas Luca Maarten Maja Malik Mara Marek Mateo Mei Mila Mohamed Nadia Naoki Nils
Noah Nour Oksana Olga Olivia Omar Paula Pavel Priya Quentin Rafael Ravi Rosa Ruth Saga Samir
Sanna Sara Sofia Søren Tariq Tereza Thandiwe Theo Tomás Uma Viktor Wei Yara Yusuf Zeynep Zoë
""".split()
LAST_NAMES = """
Adeyemi Almeida Andersson Bakker Barbosa Bauer Bianchi Castro Chen Cohen Costa Dubois Eriksen
Fernández Fischer García Gashi Haddad Hansen Horváth Ibrahim Ivanova Jansen Johansson Kaya Khan
Kim Kovács Kowalska Kumar Laurent Lindqvist López Marino Martin Mbeki Mendes Moreau Müller
Nakamura Nguyen Nielsen Nowak Oliveira Pereira Petrov Popescu Rossi Sánchez Santos Sato Schmidt
Silva Singh Smith Sousa Svensson Takahashi Tanaka Torres Vargas Virtanen Walker Wang Yilmaz Zhou
""".split()
PLAIN_NAMES = (
    ("李", "娜"),
    ("Мария", "Соколова"),
    ("يوسف", "حداد"),
    ("Νίκος", "Παππάς"),
    ("さくら", "森"),
)

LOCATIONS = (
    ("Quayside", "12 Harbour Walk"),
    ("Old Town", "3 Market Square"),
    ("Station", "Platform 1, Central Station"),
)
TIERS = (
    ("Bronze", 0, Decimal("1"), "#a05a2c", "medal", ["Birthday coffee"]),
    ("Silver", 1_500, Decimal("1.1"), "#64748b", "award", ["Birthday coffee", "Oat milk on us"]),
    ("Gold", 4_000, Decimal("1.25"), "#b7791f", "crown", ["Skip the queue", "A tasting a year"]),
    ("Platinum", 8_000, Decimal("1.5"), "#6d28d9", "gem", ["Tasting for two", "First to try"]),
)
POINTS_PER_EURO = 10

# name, what it costs in points, in cents, stock, icon, type, category, needs approval, tags
REWARDS: tuple[tuple[str, int, int | None, int | None, str, str, str, bool, list[str]], ...] = (
    ("Free flat white", 350, None, None, "coffee", "FREE_ITEM", "Drinks", False, ["popular"]),
    ("Croissant", 300, None, None, "croissant", "FREE_ITEM", "Bakery", False, []),
    ("Iced tea", 280, None, None, "cup-soda", "FREE_ITEM", "Drinks", False, ["summer"]),
    ("Birthday cake slice", 550, None, 60, "cake", "FREE_ITEM", "Bakery", True, []),
    ("Branded tote bag", 1_200, None, 6, "shopping-bag", "FREE_ITEM", "Shop", True, ["gift"]),
    ("Barista T-shirt", 1_800, 500, 10, "shirt", "FREE_ITEM", "Shop", True, ["gift"]),
    ("Tasting for two", 2_400, None, 6, "sparkles", "EXPERIENCE", "Events", True, ["event"]),
    ("€10 voucher", 2_000, None, None, "ticket", "GIFT_CARD", "Vouchers", True, []),
    ("10 % off your beans", 600, None, None, "percent", "DISCOUNT_PERCENTAGE", "Shop", True, []),
    ("Free delivery", 400, None, None, "package", "FREE_SHIPPING", "Shop", True, []),
)
SPECIALS = ("Latte art class", "Autumn mug")
CANCEL_REASONS = ("Customer changed their mind", "Sold out at this shop", "Asked for by mistake")
