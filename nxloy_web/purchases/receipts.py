"""Receipts' numbers, compared as people read them."""

import re
import unicodedata


def receipt_key(number: str) -> str:
    """One spelling for R-17, r-17, R 17 and R17: letters and figures, without what stands between
    them. Between two figures a gap stays one: 1-11 is another receipt than 11-1."""
    folded = unicodedata.normalize("NFKC", number).casefold()
    plain = "".join("-" if _is_gap(sign) else sign for sign in folded).strip("-")
    plain = re.sub(r"-+", "-", plain)
    return re.sub(r"(?<!\d)-|-(?!\d)", "", plain) or folded


def _is_gap(sign: str) -> bool:
    return sign == "_" or unicodedata.category(sign) in ("Pd", "Zs", "Cc", "Cf") or sign == "\u2212"
