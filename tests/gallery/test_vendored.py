"""Files of others: exactly the ones in the lock, each with its licence."""

import json

from nxloy_web.web import vendoring


def test_vendored_files_are_what_the_lock_says():
    assert vendoring.differences() == []


def test_every_vendored_file_is_in_the_lock():
    locked = set(json.loads(vendoring.LOCK.read_text()))
    folders = (vendoring.VENDOR, vendoring.ROOT / "tests" / "vendor")
    found = {vendoring.relative(path) for folder in folders for path in folder.iterdir()}
    ours = {vendoring.relative(path) for path in (vendoring.LOCK, vendoring.ICON_NAMES)}
    assert found - ours == locked


def test_every_package_brings_its_licence():
    for package in vendoring.PACKAGES:
        assert any("LICENSE" in place for place in package.files.values()), package.name


def test_sprite_holds_every_icon_of_the_list():
    sprite = vendoring.SPRITE.read_text()
    missing = [name for name in vendoring.icon_names() if f'<symbol id="{name}"' not in sprite]
    assert missing == []
