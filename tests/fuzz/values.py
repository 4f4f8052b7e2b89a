"""What somebody sends who means no good, or whose keyboard, browser or network is broken."""

from tests.fuzz.sending import File, Value

MARKUP = "fuzz-mark"
"""An element of our own: it stands in a page as an element only if the page did not escape it."""
TEMPLATE, COMPUTED = "{{ 1337 * 7331 }}", "9801547"

TEXTS: dict[str, str] = {
    "nothing": "",
    "spaces": "   \t ",
    "NUL": "a\0b",
    "NUL alone": "\0",
    "half a pair of surrogates": "a\ud800b",
    "another half": "\udfff",
    "beyond 64 bits": str(2**63),
    "far beyond": "9" * 25,
    "more digits than Python reads": "9" * 5_000,
    "negative": "-1",
    "far below": str(-(2**63) - 1),
    "minus nothing": "-0",
    "a part of a cent": "0.001",
    "NaN": "NaN",
    "infinite": "Infinity",
    "an exponent": "1e400",
    "a small exponent": "1E-400",
    "hexadecimal": "0x1F",
    "digits of another script": "١٢٣",
    "a digit that is none": "²",
    "very long": "w" * 20_000,
    "long words": "顧客 " * 3_000,
    "emoji": "🎁👩‍👩‍👧‍👦🏳️‍🌈",
    "right to left": "\u202eקפה\u202c قهوة",
    "control characters": "a\x07\x1b[31m\x7f\x85b",
    "separators of lines": "a\u2028b\u2029c\ufeff",
    "combining": "Z͑ͫ̓ͪ̂ͫ̽͏" * 40,
    "markup": f"\"'><{MARKUP} onload=alert(1)></script><script>alert(1)</script>",
    "a script's address": "javascript:alert(1)",
    "SQL": "'; DROP TABLE nx.customers; --",
    "a pattern of LIKE": "%_\\%",
    "a regular expression": "(((((a+)+)+)+)+)$[",
    "a template": TEMPLATE + "{% for x in ().__class__.__mro__ %}${7*7}",
    "a format": "%s%n%(x)s{0.__class__}",
    "a formula": '=HYPERLINK("http://x.example")',
    "line breaks": "a\r\nSet-Cookie: a=b\r\n\r\nb",
    "the day nothing": "0000-00-00",
    "the last day": "9999-12-31",
    "the first day": "0001-01-01",
    "no such day": "2026-02-30",
    "a moment": "9999-12-31T23:59:59+23:59",
    "the last minute": "9999-12-31T23:59",
    "the first minute": "0001-01-01T00:00",
    "an id of nothing": "c" + "0" * 24,
    "JSON": '{"a": [1, {"b": null}]}',
    "deep JSON": "[" * 5_000,
    "an address elsewhere": "//evil.example/\\evil.example",
    "an address of mail": "a@b\r\nBcc: c@d.example",
    "an address of another script": "ü@例え.テスト",
    "a phone number": "+" + "1" * 60,
    "a path": "../../../etc/passwd",
    "true": "true",
    "null": "null",
}

FILES: dict[str, File] = {
    "a file": File("text.txt", b"text\0"),
    "an empty file": File("empty.csv", b""),
    "a file without a name": File("", b"text"),
    "a file with a name of a path": File('../..\\"\0.csv', b"a,b\n1,2\n"),
    "half a picture": File("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff"),
    "a table of NULs": File("a.csv", b"email,points\n\0\xff\xfe,9e999\n"),
    "a table of many columns": File("a.csv", b"a," * 5_000 + b"\n" + b"1," * 5_000),
    "open quotes": File("a.csv", b'email\n"' + b"x\n" * 2_000),
    "half an archive": File("a.xlsx", b"PK\x03\x04" + b"\0" * 50),
}

VALUES: dict[str, Value] = {**TEXTS, **FILES}

HEADERS: dict[str, dict[str, str]] = {
    "htmx": {"HX-Request": "true"},
    "htmx, hostile": {
        "HX-Request": "true",
        "HX-Target": '"><script>',
        "HX-Trigger": "'; DROP TABLE customers; --",
        "HX-Trigger-Name": "a" * 5_000,
        "HX-Current-URL": "http://[::1/%00",
        "HX-Prompt": "\xff\xfe",
    },
    "htmx, half": {"HX-Request": "false", "HX-Boosted": "maybe", "HX-Request-Type": "\x7f"},
    "conditions": {
        "If-Match": '"\xff", W/',
        "If-None-Match": "*,*,",
        "If-Modified-Since": "0000",
        "Range": "bytes=9-1",
    },
    "languages": {
        "Accept-Language": "x;q=9e999,\xff-" + "a" * 900,
        "Accept": "*/;q=-",
        "Accept-Encoding": "br;q=x",
    },
    "cookies": {
        "Cookie": 'nxloy=.\xff.a; theme="; location=%00; kept_form=W10.x; =; nxloy-portal=e30.a.b'
    },
    "where from": {
        "Referer": "http://[",
        "Origin": "null",
        "Sec-Fetch-Site": "\xff",
        "X-Request-ID": "a\x0bb",
    },
    "somebody else's machine": {
        "X-Forwarded-For": "999.999.999.999, ::%",
        "X-Forwarded-Proto": "gopher",
        "X-Forwarded-Host": "evil.example",
    },
    "a token": {"X-CSRFToken": "\xff" * 300},
}

BODIES: dict[str, tuple[str, bytes]] = {
    "JSON": ("application/json", b'{"amount": [1], "version": null}'),
    "broken JSON": ("application/json", b'{"amount": '),
    "no boundary": ("multipart/form-data", b"--x\r\n\r\n"),
    "multipart cut off": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="amount"\r\n\r\n12',
    ),
    "multipart without names": (
        "multipart/form-data; boundary=x",
        b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n",
    ),
    "multipart of an odd alphabet": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="amount"\r\n'
        b"Content-Type: text/plain; charset=no-such\r\n\r\n\xff\xfe\r\n--x--\r\n",
    ),
    "bytes that are no text": (
        "application/x-www-form-urlencoded",
        b"amount=\xff\xfe&%ff=%zz&&=&%",
    ),
    "very many fields": ("application/x-www-form-urlencoded", b"a=1&" * 3_000),
    "a large field": (
        "multipart/form-data; boundary=x",
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
            + b"w" * 1_100_000
            + b"\r\n--x--\r\n"
        ),
    ),
    "XML": ("text/xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
    "no such type": ("\xff/;;=", b"amount=1"),
}
