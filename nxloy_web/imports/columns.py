"""Our fields, and which column of a file is probably which."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nxloy_web.tables.imports import ImportKind


@dataclass(frozen=True)
class Field:
    name: str
    label: str
    also: tuple[str, ...]
    """How such a column is called elsewhere; letters and digits only."""
    hint: str = ""
    required: bool = False


_CUSTOMER_ID = Field(
    "customer_id",
    "Customer number",
    ("customerid", "customerno", "customernumber", "memberid", "membernumber", "membercode",
     "externalid", "clientid", "customer", "id", "kundennummer", "kundennr"),
    "The number the customer has in your own system.",
)  # fmt: skip
_EMAIL = Field("email", "E-mail", ("email", "emailaddress", "mail", "customeremail", "mailadresse"))
_PHONE = Field(
    "phone",
    "Phone",
    ("phone", "phonenumber", "mobile", "mobilephone", "mobilenumber", "cell", "tel", "telephone",
     "telefon", "handy"),
)  # fmt: skip

FIELDS: dict[ImportKind, tuple[Field, ...]] = {
    ImportKind.CUSTOMERS: (
        _CUSTOMER_ID,
        _EMAIL,
        _PHONE,
        Field("first_name", "First name", ("firstname", "givenname", "forename", "vorname")),
        Field("last_name", "Last name", ("lastname", "surname", "familyname", "nachname")),
        Field(
            "full_name",
            "Full name",
            ("name", "fullname", "customername", "displayname"),
            "Used where first and last name have no columns of their own.",
        ),
        Field(
            "birthday", "Birthday", ("birthday", "dateofbirth", "birthdate", "dob", "geburtsdatum")
        ),
        Field(
            "email_opt_in",
            "May be mailed",
            ("emailoptin", "acceptsmarketing", "acceptsemailmarketing", "newsletter", "optin",
             "emailconsent", "subscribed", "offersbyemail"),
            "Without this column nobody is opted in.",
        ),
        Field(
            "sms_opt_in",
            "May be texted",
            ("smsoptin", "acceptssmsmarketing", "smsconsent", "offersbytextmessage"),
        ),
        Field("tags", "Tags", ("tags", "tag", "labels", "groups"), "Several, with commas between."),
    ),
    ImportKind.PURCHASES: (
        _CUSTOMER_ID,
        _EMAIL,
        _PHONE,
        Field(
            "date",
            "Date",
            ("date", "orderdate", "purchasedate", "purchasedat", "createdat", "paidat", "datetime",
             "timestamp", "transactiondate", "datum"),
            required=True,
        ),
        Field(
            "amount",
            "Amount",
            ("amount", "total", "ordertotal", "totalamount", "grandtotal", "price", "value",
             "dollarvalue", "sum", "spend", "revenue", "betrag", "summe"),
            required=True,
        ),
        Field(
            "order_number",
            "Order number",
            ("ordernumber", "orderno", "orderid", "order", "receipt", "receiptnumber",
             "receiptno", "invoice", "invoicenumber", "reference", "ref",
             "transactionid", "bestellnummer", "belegnummer"),
            "Makes each line itself. Without it, a line is known by its values.",
        ),
        Field(
            "items",
            "Number of items",
            ("items", "itemcount", "quantity", "qty", "numberofitems", "numberofcds", "menge"),
        ),
    ),
}  # fmt: skip

REACH = ("customer_id", "email", "phone")


def guess(kind: ImportKind, columns: Sequence[str]) -> dict[str, str]:
    """Column by field, for the fields whose column is plain from its name."""
    plain = {re.sub(r"[\W_]+", "", column.casefold()): column for column in columns}
    found: dict[str, str] = {}
    for field in FIELDS[kind]:
        names = (field.name.replace("_", ""), *field.also)
        column = next((plain[name] for name in names if name in plain), None)
        if column is not None and column not in found.values():
            found[field.name] = column
    return found
