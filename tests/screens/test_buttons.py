"""Every button of the screens where points and rewards move is pressed by a test in a browser.

Both sides are read from the sources: the buttons from the templates, the presses from the browser
tests of the folder of the same name. A new button makes this fail until a test presses it. A word
that stands on the buttons of three templates is to be pressed three times.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

ROOT = Path(__file__).parents[2]
FOLDERS = ("counter", "portal", "programs", "redemptions", "rewards")
DEEDS = {"post_button", "button", "menu_item"}
FORMS = {"form_for", "drawer_form"}
ANYTHING = "…"
"""In place of what is known only when the page is drawn."""


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_button_is_pressed_in_a_browser(folder: str) -> None:
    drawn = buttons_drawn(ROOT / "templates" / folder)
    pressed = Counter(meant(each, drawn) for each in buttons_pressed(ROOT / "tests" / folder))
    missing = {
        label: templates for label, templates in drawn.items() if pressed[label] < len(templates)
    }
    assert missing == {}, f"press these in a browser test of tests/{folder}"


def test_it_reads_labels_from_templates_and_tests(tmp_path: Path) -> None:
    (tmp_path / "one.html").write_text(
        "{% set deed = 'Cancel' if open else 'Refund' %}"
        "{{ post_button('Approve', '/') }}{{ button('Back', href='/') }}"
        "{% call form_for(form, '/', 'x', submit=deed) %}{% endcall %}"
        "{% call drawer_form(form, '/', 'Title', 'x') %}{% endcall %}"
    )
    (tmp_path / "two.html").write_text(
        "{{ menu_item('Approve', action='/') }}{{ menu_item('Edit', href='/') }}"
        "{% call form_for(form, '/', 'x', submit='Give ' ~ unit ~ ' now') %}{% endcall %}"
    )
    assert buttons_drawn(tmp_path) == {
        "Approve": ["one.html", "two.html"],
        "Cancel": ["one.html"],
        "Refund": ["one.html"],
        "Save": ["one.html"],
        "Give … now": ["two.html"],
    }
    (tmp_path / "test_in_browser.py").write_text(
        "page.get_by_role('button', name='Approve').and_(page.locator('x')).click()\n"
        "page.locator('x').get_by_role('button', name=f'Give {unit} now').first.click()\n"
        "page.get_by_role('button', name='Cancel').wait_for()\n"
        "page.get_by_role('link', name='Refund').click()\n"
    )
    assert buttons_pressed(tmp_path) == ["Approve", "Give … now"]
    assert meant("Give … now", ["Give … now"]) == "Give … now"
    assert meant("Give 5 beans now", ["Give …", "Give … now"]) == "Give … now"
    assert meant("Save rule", ["Save", "Save rule"]) == "Save rule"
    assert meant("Approve NX-1", ["Approve"]) == "Approve"
    assert meant("Approved", ["Approve"]) is None


def buttons_drawn(folder: Path) -> dict[str, list[str]]:
    """What stands on buttons, and in which templates."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.html")):
        tree = Environment(extensions=["jinja2.ext.do", "jinja2.ext.i18n"]).parse(path.read_text())
        for label in Counter(
            label for call in tree.find_all(nodes.Call) for label in _on(call, tree)
        ):
            found.setdefault(label, []).append(path.name)
    return found


def _on(call: nodes.Call, tree: nodes.Template) -> list[str]:
    """What may stand on the button that this call draws; nothing when it draws a link."""
    macro = call.node.name if isinstance(call.node, nodes.Name) else ""
    given = {each.key: each.value for each in call.kwargs}
    if macro in FORMS:
        return _texts(given["submit"], tree) if "submit" in given else ["Save"]
    is_link = "href" in given or (macro == "menu_item" and "action" not in given)
    return _texts(call.args[0], tree) if macro in DEEDS and not is_link else []


def _texts(value: nodes.Node, tree: nodes.Template) -> list[str]:
    match value:
        case nodes.Const(value=str(text)):
            return [text]
        case nodes.Call(node=nodes.Name(name="_"), args=[nodes.Const(value=str(text)), *_]):
            return [re.sub(r"%\(\w+\)s", ANYTHING, text)]
        case nodes.CondExpr(expr1=one, expr2=other):
            return [*_texts(one, tree), *(_texts(other, tree) if other else [])]
        case nodes.Concat(nodes=parts):
            texts = [part.value if isinstance(part, nodes.Const) else ANYTHING for part in parts]
            return ["".join(texts)]
        case nodes.Name(name=name):
            known = [each for each in tree.find_all(nodes.Assign) if _names(each, name)]
            return [text for each in known for text in _texts(each.node, tree)]
    raise AssertionError(f"line {value.lineno}: what stands on this button?")


def _names(assignment: nodes.Assign, name: str) -> bool:
    return isinstance(assignment.target, nodes.Name) and assignment.target.name == name


def buttons_pressed(folder: Path) -> list[str]:
    """The names of the buttons that tests click in a browser, as often as it is written."""
    return [
        name
        for path in sorted(folder.glob("test_*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "click"
        for name in _clicked(call.func.value)
    ]


def _clicked(locator: ast.expr) -> Iterator[str]:
    for call in ast.walk(locator):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            roles = [each.value for each in call.args if isinstance(each, ast.Constant)]
            if call.func.attr == "get_by_role" and roles == ["button"]:
                yield from (_said(each.value) for each in call.keywords if each.arg == "name")


def _said(name: ast.expr) -> str:
    match name:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            texts = [part.value if isinstance(part, ast.Constant) else ANYTHING for part in parts]
            return "".join(str(text) for text in texts)
    return ""


def meant(pressed: str, labels: Iterable[str]) -> str | None:
    """The button of these that has this name; for screen readers more may follow its label."""
    fitting = [label for label in labels if re.fullmatch(_pattern(label), pressed)]
    return max(fitting, key=len, default=None)


def _pattern(label: str) -> str:
    return ".+".join(re.escape(part) for part in label.split(ANYTHING)) + "( .*)?"
