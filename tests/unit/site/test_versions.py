"""What changed from one version of the policy to the next is told row by row, whatever changed."""

import csv
import io
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bigtrust.settings import PROJECT
from bigtrust.site import versions
from bigtrust.site.versions import KEYS, differences
from bigtrust.site.words import both, words

POLICY = {path.name: path.read_text(encoding="utf-8") for path in (PROJECT / "seeds" / "policy").glob("*.csv")}
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=6)
WINDOWS = st.dictionaries(
    st.tuples(st.sampled_from(["purchases", "returns", "customers"]), st.sampled_from(["analytics", "finance"])),
    st.fixed_dictionaries({"period_months": VALUES, "legal_source": VALUES}),
)


def table(rows: dict[tuple[str, str], dict[str, str]]) -> dict[str, str]:
    """The windows as a version of the policy holds them."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, ["data_category", "purpose", "period_months", "legal_source"])
    writer.writeheader()
    for (category, purpose), fields in rows.items():
        writer.writerow({"data_category": category, "purpose": purpose, **fields})
    return {"retention_windows.csv": file.getvalue()}


def applied(before: dict[tuple[str, str], dict[str, str]], changes: list[dict[str, Any]]) -> Any:
    """What the changes make of the rows."""
    rows = {key: dict(fields) for key, fields in before.items()}
    for change in changes:
        key = tuple(change["row"])
        if change["change"] == "removed":
            del rows[key]
        elif change["change"] == "added":
            rows[key] = {
                name: value for name, value in change["fields"].items() if name not in KEYS["retention_windows"]
            }
        else:
            assert rows[key][change["field"]] == change["old"]
            rows[key][change["field"]] = change["new"]
    return rows


@given(WINDOWS, WINDOWS)
def test_the_changes_lead_from_the_old_version_to_the_new_one(before: Any, after: Any) -> None:
    changes = differences(table(before), table(after))
    assert applied(before, changes) == after
    assert (changes == []) == (before == after)


def test_a_version_does_not_differ_from_itself_whatever_the_order_of_its_rows() -> None:
    assert differences(POLICY, POLICY) == []
    header, *rows = POLICY["purposes.csv"].splitlines(keepends=True)
    assert differences(POLICY, {**POLICY, "purposes.csv": "".join([header, *rows[::-1]])}) == []


def said(old: str, new: str, file: str = "retention_windows.csv") -> dict[str, str]:
    """The one change of this project's policy, in words."""
    assert POLICY[file].count(old) == 1
    (change,) = differences(POLICY, {**POLICY, file: POLICY[file].replace(old, new)})
    return both(versions._said(change))


def test_a_changed_period_is_told_as_one_says_it() -> None:
    assert said("purchases,analytics,36,", "purchases,analytics,30,") == {
        "fr": "Modifié dans «\u00a0durées\u00a0»\u00a0: Vos achats · Analyses, durée\u00a0: 3 ans → 30 mois.",
        "en": "Changed in “periods”: Your purchases · Analyses, period: 3 years → 30 months.",
    }


def test_a_removed_and_an_added_recipient_are_told_with_what_they_may_receive() -> None:
    (row,) = [
        line for line in POLICY["recipients.csv"].splitlines(keepends=True) if line.startswith("assurances-horizon")
    ]
    removed = said(row, "", "recipients.csv")
    assert removed["fr"].startswith(
        "Retiré de «\u00a0destinataires\u00a0»\u00a0: assurances-horizon · offres d\u2019un partenaire ("
    )
    assert "Consentement au partage avec des partenaires" in removed["fr"]
    assert "details: first_name last_name email" in removed["en"]
    (change,) = differences({**POLICY, "recipients.csv": POLICY["recipients.csv"].replace(row, "")}, POLICY)
    assert change["change"] == "added"


def test_exceptions_and_the_version_itself_are_told_elsewhere() -> None:
    settings = re.sub(r"policy_version,[^,]*", "policy_version,of tomorrow", POLICY["settings.csv"])
    assert settings != POLICY["settings.csv"]
    exception = POLICY["check_exceptions.csv"] + "RET-01,a.b.c,Why,Who,Else,2027-01-01\n"
    assert differences(POLICY, {**POLICY, "settings.csv": settings, "check_exceptions.csv": exception}) == []


def test_what_this_version_has_no_words_for_is_told_as_it_was_written() -> None:
    old = {"nets.csv": "net,mesh\ncod,120\n"}
    (change,) = differences(old, {"nets.csv": "net,mesh\ncod,140\n"})[:1]
    assert both(versions._said(change))["fr"].startswith("Retiré de nets")
    reason = said("GDPR art. 6(1)(f)): running the shops", "GDPR art. 6(1)(f)): something else", "purposes.csv")
    assert "something else" in reason["fr"]
    assert words("fr").policy_or_as_written("something else") == "something else"
