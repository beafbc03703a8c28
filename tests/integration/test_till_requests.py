"""The offer, the request that a till writes back, and what becomes of it: through whole runs of a small shop."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bigtrust.settings import PROJECT
from warehouse import Warehouse

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("till")]

EXAMPLE = PROJECT / "docs" / "examples" / "till_request.json"
SCHEMA = json.loads((PROJECT / "docs" / "schemas" / "forget_offers.schema.json").read_text(encoding="utf-8"))
REQUEST = json.loads(EXAMPLE.read_text(encoding="utf-8"))
# The category tree has a sensitive branch whose root only the policy and its children name.
TABLES = {
    "customers": ["customer_id,created_at", *(f"C{n},2026-01-0{n} 09:00:00" for n in range(1, 8))],
    "product_categories": [
        "category_id,name,parent_category_id,replacement_cycle_months",
        "washing,Washing machines,,120",
        "coffee,Coffee,,",
        "wrist,Wrist monitors,tensiometres,24",
    ],
    "products": ["product_id,category_id", "P1,washing", "P2,coffee", "P3,wrist", "P4,only_a_product_names_it"],
    "purchases": [
        "purchase_id,customer_id,purchased_at",
        *(f"T-2026-00000{n},C{n},2026-01-2{n} 10:00:00" for n in range(1, 8)),
    ],
    "purchase_lines": [
        "purchase_id,line_number,product_id,quantity,unit_price",
        *(f"T-2026-00000{n},{line},P{line},1,{line}9.5" for n in range(1, 8) for line in (1, 2, 3, 4)),
    ],
}
LINES = "select count(*), count(*) filter (where category_id = 'washing') from marts.purchase_lines"


@dataclass
class Story:
    """A shop, and what was seen of it after each step."""

    shop: Warehouse
    lines: list[tuple[int, int]] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    offers: list[dict[str, Any]] = field(default_factory=list)
    summary: str = ""

    def look(self) -> None:
        self.lines += self.shop.query("analytics", LINES)
        self.statuses.append(self.shop.bigtrust("forget", "--status").output)
        self.offers.append(json.loads((self.shop.settings.till / "forget_offers.json").read_text(encoding="utf-8")))

    def state(self, step: int, request_id: str) -> str:
        (line,) = [line for line in self.statuses[step].splitlines() if line.startswith(request_id)]
        return line


OTHER = "R20260131170000-0a1b2c3d"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """0: published. 1: the till's example is in, and a second request comes while the run goes on.

    2: the first is withdrawn, and another run.
    """
    shop = Warehouse(tmp_path_factory.mktemp("till"))
    shop.landing.mkdir()
    for name, lines in TABLES.items():
        (shop.landing / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    story = Story(shop)
    story.summary = shop.run_unchecked("--as-of", "2026-03-01").output
    story.look()

    assert shop.bigtrust("forget", "--from", str(EXAMPLE)).exit_code == 0
    story.statuses[0] = shop.bigtrust("forget", "--status").output
    during = shop.root / "during.json"
    during.write_text(json.dumps({**REQUEST, "request_id": OTHER, "purchase_id": "T-2026-000002"}), encoding="utf-8")
    run_and_meanwhile(shop, "forget", "--from", str(during))
    story.look()

    assert shop.bigtrust("forget", "--withdraw", REQUEST["request_id"]).exit_code == 0
    shutil.rmtree(shop.root / "warehouse" / "dbt")
    shop.run_unchecked("--as-of", "2026-03-01")
    story.look()
    return story


def run_and_meanwhile(shop: Warehouse, *command: str) -> None:
    """A run in a process of its own, and another command as soon as it builds."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "bigtrust.cli", "run", "--as-of", "2026-03-01"],
        env=os.environ | shop.environment | {"PYTHONPATH": str(PROJECT / "scripts")},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    for line in process.stdout:
        if line.strip().endswith(" check"):  # the register has been read, the lock is held
            assert shop.bigtrust("run").exit_code == 4
            result = shop.bigtrust(*command)
            assert result.exit_code == 0, result.output
            break
    assert "published to" in process.stdout.read()
    assert process.wait() == 0


def test_the_request_of_the_example_takes_effect_with_the_next_run(story: Story) -> None:
    assert story.lines[0] == (28, 7)
    assert story.lines[1] == (27, 6)
    assert "waits for the next run, by 2026-02-03" in story.state(0, REQUEST["request_id"])
    assert "effective since run 2" in story.state(1, REQUEST["request_id"])


def test_a_request_written_while_a_run_goes_on_waits_for_the_next_and_then_counts(story: Story) -> None:
    assert "waits for the next run" in story.state(1, OTHER)
    assert "effective since run 3" in story.state(2, OTHER)


def test_a_withdrawn_request_gives_back_what_the_source_system_still_delivers(story: Story) -> None:
    assert "withdrawn on " in story.state(2, REQUEST["request_id"])
    assert story.lines[2] == (27, 6)  # one line came back, the other request's went


def test_the_offers_follow_the_delivered_tree_and_the_policy(story: Story) -> None:
    content = story.offers[0]
    jsonschema.validate(content, SCHEMA)
    assert [(entry["category_id"], entry.get("why")) for entry in content["categories"]] == [
        ("coffee", None),
        ("complements", "sensitive"),  # the policy names it, this shop does not have it
        ("only_a_product_names_it", None),
        ("tensiometres", "sensitive"),
        ("tests-de-grossesse", "sensitive"),
        ("washing", "replacement_cycle"),
        ("wrist", "sensitive"),
    ]
    assert [content["run"] for content in story.offers] == [1, 2, 3]


def test_the_offers_name_nobody_and_no_purchase(story: Story) -> None:
    for path in story.shop.settings.till.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not [name for n in range(1, 8) for name in (f"C{n}", f"T-2026-00000{n}") if name in text], path


def test_a_sensitive_category_that_landing_does_not_know_is_reported(story: Story) -> None:
    unknown = story.shop.query("governance", "select category_id from marts.forget_offers where not is_delivered")
    assert sorted(unknown) == [("complements",), ("tests-de-grossesse",)]
    assert "Sensitive categories: landing does not know 2 of the policy." in story.summary


def test_a_failed_run_changes_neither_the_offers_nor_a_state(story: Story, tmp_path: Path) -> None:
    shop = story.shop.copy(tmp_path / "shop")
    files = [*sorted(shop.settings.till.iterdir()), shop.settings.register / "states.json"]
    before = [path.read_bytes() for path in files]
    shop.bigtrust("forget", "--customer", "C3", "--channel", "web")
    (shop.landing / "purchases.csv").write_bytes(b"")
    assert shop.bigtrust("run").exit_code == 3
    assert [path.read_bytes() for path in files] == before
    assert "waits for the next run" in shop.bigtrust("forget", "--status").output
    assert "Open erasure requests: 1" in shop.bigtrust("status").output
