"""Pictures: only what we made of an upload is kept."""

import time
from io import BytesIO

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select
from webtest import Upload

from nxloy_web.db import db
from nxloy_web.permissions import Role
from nxloy_web.rewards import pictures
from nxloy_web.tables.rewards import Picture, Reward
from tests.factories import Shop, inside, make_reward, make_shop
from tests.pressing import Browser, Page, browser_as, press

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
TYPED = {"name": "Mug", "type": "FREE_ITEM", "points_cost": "100"}


def drawn(kind: str = "PNG", size: tuple[int, int] = (40, 20), **options: object) -> bytes:
    out = BytesIO()
    mode = "RGBA" if kind == "PNG" else "RGB"
    Image.new(mode, size, "#aa3366").save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def send(owner: Browser, shop: Shop, data: bytes, **typed: str) -> Page:
    picture = Upload("mug.png", data)
    page = owner.get(shop.url("/rewards/new"))
    return press(page, "Add reward", **TYPED | {"picture": picture} | typed)


def upload(owner: Browser, shop: Shop, data: bytes) -> str:
    page = send(owner, shop, data)
    assert page.status_code == 200, page.text
    return str(page.request.path.rsplit("/", 1)[1])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_an_upload_is_encoded_anew_and_served_for_ever(
    app: Flask, shop: Shop, owner: Browser, kind: str
) -> None:
    reward_id = upload(owner, shop, drawn(kind))
    with inside(app, shop):
        sha256 = db.session.scalar(select(Reward.image).where(Reward.id == reward_id))
    assert sha256 in owner.get(shop.url(f"/rewards/{reward_id}")).text
    answer = owner.get(shop.url(f"/pictures/{sha256}.webp"))
    assert answer.content_type == "image/webp"
    assert "immutable" in answer.headers["Cache-Control"]
    assert Image.open(BytesIO(answer.body)).size == (40, 20)
    seen = {"If-None-Match": answer.headers["ETag"]}
    owner.get(shop.url(f"/pictures/{sha256}.webp"), headers=seen, status=304)


def test_it_is_turned_upright_and_stripped() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    exif[0x010E] = "at my home address"
    content, size = pictures.encode(drawn("JPEG", exif=exif))
    assert size == (20, 40)
    assert b"home address" not in content
    assert not Image.open(BytesIO(content)).getexif()


def test_a_large_one_is_made_smaller() -> None:
    content, size = pictures.encode(drawn("JPEG", (3000, 1500)))
    assert size == (1200, 600)
    assert Image.open(BytesIO(content)).size == (1200, 600)


@pytest.mark.parametrize(
    "data",
    [
        SVG,
        b"",
        b"hello",
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 60,
        drawn("PNG")[:50],
        b"%PDF-1.7\n",
        b"BM" + b"\x00" * 100,
    ],
    ids=["svg", "empty", "text", "liar", "cut off", "pdf", "bitmap"],
)
def test_what_is_no_picture_is_refused(app: Flask, shop: Shop, owner: Browser, data: bytes) -> None:
    answer = send(owner, shop, data)
    assert "This file is not a picture we can read." in answer.text
    with inside(app, shop):
        assert db.session.scalars(select(Picture)).all() == []


def test_too_many_pixels_are_refused_before_they_are_unpacked(shop: Shop, owner: Browser) -> None:
    """X15: a PNG of 154 kB with 40 megapixels held a thread for 8.5 seconds."""
    large = drawn("PNG", (8_000, 5_000))
    assert len(large) < 300_000
    began = time.thread_time()
    with pytest.raises(pictures.PictureTooLarge):
        pictures.encode(large)
    assert time.thread_time() - began < 0.5
    assert "This picture is too large." in send(owner, shop, large).text


@pytest.mark.parametrize(
    ("kind", "size"), [("PNG", (4_000, 3_000)), ("GIF", (4_000, 3_000)), ("JPEG", (8_000, 5_000))]
)
def test_the_largest_that_are_taken_cost_little(kind: str, size: tuple[int, int]) -> None:
    """X15: they were unpacked, turned and copied at full size."""
    picture = drawn(kind, size)
    began = time.thread_time()
    content, made = pictures.encode(picture)
    assert time.thread_time() - began < 3
    assert max(made) == pictures.LONGEST_SIDE
    assert Image.open(BytesIO(content)).size == made


def test_too_many_bytes_are_refused(
    shop: Shop, owner: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_BYTES", 50)
    assert "This picture is too large." in send(owner, shop, drawn("PNG")).text


def test_a_picture_survives_a_form_that_comes_back(app: Flask, shop: Shop, owner: Browser) -> None:
    page = send(owner, shop, drawn("PNG"), name="")
    assert page.status_code == 422
    with inside(app, shop):
        sha256 = db.session.scalars(select(Picture.sha256)).first()
    assert f'value="{sha256}"' in page.text
    assert f"{sha256}.webp" in page.text
    made = press(page, "Add reward", name="Mug")
    assert sha256 in made.text


def test_a_picture_can_be_taken_away(app: Flask, shop: Shop, owner: Browser) -> None:
    reward_id = upload(owner, shop, drawn("PNG"))
    press(owner.get(shop.url(f"/rewards/{reward_id}/edit")), "Save", remove_picture=True)
    with inside(app, shop):
        assert db.session.scalar(select(Reward.image).where(Reward.id == reward_id)) is None


def test_the_team_sees_pictures_and_another_business_does_not(app: Flask, shop: Shop) -> None:
    with inside(app, shop):
        sha256 = pictures.keep(BytesIO(drawn("PNG")), by=shop.actor())
        db.session.commit()
    make_reward(app, shop, image=sha256)
    other = make_shop(app)
    staff, stranger = browser_as(app, shop, Role.STAFF), browser_as(app, other)
    staff.get(shop.url(f"/pictures/{sha256}.webp"))
    for where in (shop, other):
        stranger.get(where.url(f"/pictures/{sha256}.webp"), status=404)
