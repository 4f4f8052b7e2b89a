"""Text is readable at any hue a business may choose, also on gradients, which axe cannot judge."""

import math
import re

import pytest

from nxloy_web.web.vendoring import ROOT

CSS = ROOT / "static" / "css"
TOKENS = (CSS / "tokens.css").read_text()
HUES = range(0, 360, 3)
WHITE = (1.0, 0.0, "0")

Colour = tuple[float, float, str]


def token(name: str, theme: str) -> Colour:
    value = re.search(rf"--{name}: (light-dark\(.*\)|oklch\(.*?\));", TOKENS)
    assert value, name
    colours = re.findall(r"oklch\(([\d.]+) ([\d.]+) (var\(--\w\)|[\d.]+)", value[1])
    lightness, chroma, hue = colours[-1 if theme == "dark" else 0]
    return float(lightness), float(chroma), hue


def luminance(colour: Colour, brand: int) -> float:
    """Relative luminance as a screen shows it: channels outside sRGB are cut off."""
    lightness, chroma, hue_text = colour
    named = {"var(--h)": float(brand), "var(--n)": 75.0}
    hue = math.radians(named[hue_text] if hue_text in named else float(hue_text))
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    l_ = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m_ = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s_ = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * l_ - 3.3077115913 * m_ + 0.2309699292 * s_
    green = -1.2684380046 * l_ + 2.6097574011 * m_ - 0.3413193965 * s_
    blue = -0.0041960863 * l_ - 0.7034186147 * m_ + 1.7076147010 * s_
    r, g, b = (min(1, max(0, channel)) for channel in (red, green, blue))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def worst(front: Colour, back: Colour) -> float:
    ratios = []
    for hue in HUES:
        light, dark = sorted((luminance(front, hue), luminance(back, hue)), reverse=True)
        ratios.append((light + 0.05) / (dark + 0.05))
    return min(ratios)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_muted_text_is_readable_on_every_surface(theme: str):
    for surface in ("bg", "sheet", "surface", "surface-2", "surface-3"):
        assert worst(token("ink-3", theme), token(surface, theme)) >= 5.4, surface


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_links_and_numbers_in_the_accent_are_readable(theme: str):
    for surface in ("bg", "sheet", "surface", "surface-2", "surface-3", "accent-bg"):
        assert worst(token("accent-ink", theme), token(surface, theme)) >= 4.5, surface


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_primary_button_is_readable_from_top_to_bottom(theme: str):
    lightness, chroma, hue = token("accent", theme)
    mix = re.search(r"var\(--accent\) (\d+)%, white", (CSS / "components/button.css").read_text())
    assert mix
    share = int(mix[1]) / 100
    top = (share * lightness + 1 - share, share * chroma, hue)
    for colour in (top, (lightness, chroma, hue), token("accent-hi", theme)):
        assert worst(WHITE, colour) >= 4.5


def test_the_wallet_card_is_readable_on_all_of_its_gradient():
    card = (CSS / "components/wallet_card.css").read_text().split("color: oklch(1 0 0)")[0]
    for lightness, chroma in re.findall(r"oklch\((\.\d+) (\.\d+) (?:calc\()?var\(--h\)", card):
        assert worst(WHITE, (float(lightness), float(chroma), "var(--h)")) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["ok", "warn", "bad", "info"])
def test_messages_are_readable_on_their_own_colour(kind: str, theme: str):
    assert worst(token(f"{kind}-ink", theme), token(f"{kind}-bg", theme)) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_border_of_a_field_can_be_seen(theme: str):
    assert worst(token("field-line", theme), token("surface", theme)) >= 3
