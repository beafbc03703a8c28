"""docs/leak-zoo.md says which leaks are tested, and what refuses them."""

import make_leak_zoo

from bigtrust import registry
from bigtrust.settings import PROJECT
from leaks.patches import FOUND, FOUND_WITH_K_1
from leaks.relations import LEAKS
from leaks.stopping import BUILT, FORGOTTEN, STOPPED

PATCHES = [*FOUND, *FOUND_WITH_K_1, *BUILT, *FORGOTTEN, *STOPPED]


def test_the_page_is_what_the_script_makes() -> None:
    text = make_leak_zoo.PAGE.read_text(encoding="utf-8")
    assert make_leak_zoo.page(text) == text, "run scripts/docs/make_leak_zoo.py"


def test_every_leak_has_a_name_of_its_own_and_a_refusal() -> None:
    names = [leak.name for leak in LEAKS] + [leak.name for leak in PATCHES]
    assert len(set(names)) == len(names) >= 60
    assert [leak.name for leak in PATCHES if not leak.codes and not leak.says] == []


def test_the_codes_on_the_page_are_checks() -> None:
    known = {check.code for check in registry.every(PROJECT)}
    assert {code for leak in LEAKS for code in leak.caught_by} <= known
    assert {code for leak in PATCHES for code in leak.codes} <= known
