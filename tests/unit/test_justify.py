"""A justification says what the ledger says, also against the company, and a third party finds the same."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import verify_evidence
from bigtrust import canonical, justify, ledger
from bigtrust.errors import CheckFailed, ConfigurationError
from bigtrust.justify import BROKEN, NOT_PROVEN, PROVEN
from bigtrust.ledger import signing
from bigtrust.ledger.tree import Tree
from bigtrust.settings import PROJECT, Settings
from warehouse import Warehouse

CLAIM = {
    "code": "FORGET-1",
    "rules": ["ERA-01", "ERA-02"],
    "en": "Forgotten is forgotten.",
    "fr": "Oublié, c'est oublié.",
}
OTHER = {"code": "KEEP-1", "rules": ["RET-01"], "en": "Kept as long as said.", "fr": "Gardé comme annoncé."}
FIRST = date(2026, 3, 1)


class Company:
    """Writes a ledger day by day."""

    def __init__(self, settings: Settings, patch: pytest.MonkeyPatch) -> None:
        self.settings, self._patch, self.run, self.day = settings, patch, 0, FIRST
        self.claimed: int | None = None

    def note(self, *facts: dict[str, Any]) -> list[dict[str, Any]]:
        moment = datetime(self.day.year, self.day.month, self.day.day, 3, tzinfo=UTC)
        self._patch.setattr(ledger, "datetime", SimpleNamespace(now=lambda _: moment))
        return ledger.append(self.settings, lambda _: facts)

    def claims(self, *claims: dict[str, Any]) -> None:
        (entry,) = self.note({"kind": "claims", "claims": list(claims)})
        self.claimed = entry["number"]

    def runs(
        self,
        verdict: str = "published",
        *,
        publishes: bool = False,
        ends: bool = True,
        is_written_later: bool = False,
        **counts: Any,
    ) -> None:
        """A run of this day; `counts` are those of ERA-02, `publishes` says that the ledger has the file that is in
        place. Then a day passes."""
        self.run += 1
        self.note({"kind": "run_started", "run": self.run, "as_of": None})
        passed = {"passed": 1, "failed": 0, "excepted": 0, "not_applicable": 0, "examined": 10, "violations": 0}
        checks = dict.fromkeys(("ERA-01", "RET-01"), passed) | {"ERA-02": passed | counts}
        digest = f"{self.run:064x}"
        if publishes:
            self.note({"kind": "publication", "run": self.run, "publication": "analytics", "digest": digest})
        if ends:
            self.note(
                {
                    "kind": "run_ended",
                    "run": self.run,
                    "verdict": verdict,
                    "checks": checks,
                    "claims": self.claimed,
                    "in_place": {"analytics": digest} if publishes else {},
                    "is_written_later": is_written_later,
                }
            )
        self.passes()

    def passes(self, days: int = 1) -> None:
        self.day += timedelta(days=days)

    def asked(
        self, first: date | None = None, last: date | None = None, code: str = "FORGET-1"
    ) -> justify.Justification:
        self._patch.setattr(justify, "datetime", SimpleNamespace(now=lambda _: datetime(2026, 4, 1, 9, tzinfo=UTC)))
        return justify.justify(self.settings, code, first, last or self.day - timedelta(days=1))


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    company = Company(Warehouse(tmp_path).settings, monkeypatch)
    company.claims(CLAIM, OTHER)
    yield company
    monkeypatch.undo()


def third_party(company: Company, found: justify.Justification, capsys: pytest.CaptureFixture[str]) -> str:
    """What the verifier prints, who has the public key and the JSON."""
    settings = company.settings
    _, content = justify.write(settings, found, justify.folder(settings, found.claim["code"]))
    verify_evidence.main(str(content), ledger.public_key(company.settings))
    return capsys.readouterr().out


def test_a_proof_on_each_day_is_proven(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(5):
        company.runs()
    found = company.asked()
    assert found.verdict == PROVEN
    assert [outcome.outcome for outcome in found.judgement.outcomes] == ["proved"] * 5
    assert "FORGET-1 from 2026-03-01 to 2026-03-05, as of 2026-04-01: proven, 0 days without proof" in third_party(
        company, found, capsys
    )


def story_of_a_gap(company: Company) -> None:
    company.passes(3)


def story_of_a_failure(company: Company) -> None:
    company.runs("refused", passed=0, failed=1, violations=7)


def story_of_an_exception(company: Company) -> None:
    company.runs(excepted=1)


def story_of_a_breach(company: Company) -> None:
    company.runs(failed=1, violations=2)


def story_of_an_interruption(company: Company) -> None:
    company.runs("interrupted")


def story_of_a_stop_after_publishing(company: Company) -> None:
    company.runs("stopped", publishes=True)


def story_of_a_kill_after_publishing_by_exception(company: Company) -> None:
    company.runs("interrupted", publishes=True, is_written_later=True, excepted=1)


def story_of_an_end_that_the_next_run_has_written(company: Company) -> None:
    company.runs(is_written_later=True)


def story_of_sentences_that_are_left_out(company: Company) -> None:
    company.claimed = 7_000


def story_of_a_missing_run(company: Company) -> None:
    company.run += 1


def story_of_a_missing_end(company: Company) -> None:
    company.runs(ends=False)


def story_of_a_rule_that_was_not_applicable(company: Company) -> None:
    company.runs(passed=0, not_applicable=1, examined=0)


def story_of_a_rule_that_was_not_checked(company: Company) -> None:
    company.claims({**CLAIM, "rules": ["ERA-02", "ERA-77"]}, OTHER)


@pytest.mark.parametrize(
    ("story", "verdict", "said"),
    [
        (story_of_a_gap, NOT_PROVEN, "Days without proof: 2026-03-03 to 2026-03-05."),
        (story_of_a_failure, NOT_PROVEN, "Run 3, 2026-03-03: refused; ERA-02 failed."),
        (story_of_an_exception, BROKEN, "Run 3, 2026-03-03: excepted; ERA-02 failed, and was excepted."),
        (story_of_a_breach, BROKEN, "Run 3, 2026-03-03: published against it; ERA-02 failed."),
        (story_of_an_interruption, NOT_PROVEN, "the run was interrupted for another reason, and published nothing"),
        (story_of_a_stop_after_publishing, NOT_PROVEN, "the run was stopped after it had published"),
        (story_of_a_kill_after_publishing_by_exception, BROKEN, "excepted; ERA-02 failed, and was excepted"),
        (story_of_an_end_that_the_next_run_has_written, NOT_PROVEN, "was written down by the next one"),
        (story_of_sentences_that_are_left_out, BROKEN, "the sentences that were in force in run 3 are missing"),
        (story_of_a_missing_run, BROKEN, "Entries are missing: between run 2 and run 4, runs are missing."),
        (story_of_a_missing_end, BROKEN, "Entries are missing: run 3 has started, and how it ended is missing."),
        (story_of_a_rule_that_was_not_applicable, NOT_PROVEN, "ERA-02 had nothing to examine"),
        (story_of_a_rule_that_was_not_checked, NOT_PROVEN, "ERA-77 was not checked"),
    ],
)
def test_what_speaks_against_the_company_is_said_plainly_and_a_third_party_finds_it(
    company: Company, capsys: pytest.CaptureFixture[str], story: Any, verdict: str, said: str
) -> None:
    company.runs()
    company.runs()
    story(company)
    company.runs()
    company.runs()
    found = company.asked()
    assert found.verdict == verdict
    assert said in "\n".join(justify.describe(found))
    assert f": {verdict}, " in third_party(company, found, capsys)
    page = (justify.folder(company.settings, "FORGET-1") / "index.html").read_text(encoding="utf-8")
    assert f'<span class="verdict failed">{verdict}</span>' in page
    assert "Nothing: on each day" not in page


def test_another_sentence_is_not_touched_by_it(company: Company) -> None:
    company.runs()
    company.runs("published", failed=1)
    assert company.asked(code="KEEP-1").verdict == PROVEN
    assert company.asked().verdict == BROKEN


def test_only_the_days_in_question_count_and_the_day_that_is_not_over_is_no_gap(company: Company) -> None:
    company.runs("refused", failed=1, passed=0)
    company.runs()
    company.runs()
    company.passes()
    assert company.asked(FIRST + timedelta(days=1), FIRST + timedelta(days=2)).verdict == PROVEN
    today = date(2026, 4, 1)
    company.day = today - timedelta(days=1)
    company.runs()
    assert company.asked(today - timedelta(days=1), today).verdict == PROVEN


def test_a_time_without_any_run_is_not_proven(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    company.runs()
    company.passes(9)
    company.runs()
    found = company.asked(FIRST + timedelta(days=3), FIRST + timedelta(days=5))
    assert (found.verdict, found.judgement.gaps) == (NOT_PROVEN, [(date(2026, 3, 4), date(2026, 3, 6))])
    assert ": not proven throughout, 3 days" in third_party(company, found, capsys)


def test_what_a_sentence_said_then_is_what_is_judged(company: Company) -> None:
    company.runs()
    company.claims({**CLAIM, "rules": ["ERA-01"], "en": "Weaker now."}, OTHER)
    company.runs(failed=1)
    assert company.asked(FIRST, FIRST).claim["en"] == "Forgotten is forgotten."
    assert company.asked().claim["en"] == "Weaker now."
    assert company.asked(FIRST, FIRST).verdict == PROVEN
    assert company.asked().verdict == PROVEN, "ERA-02 is no rule of it any more when it fails"


def test_a_damaged_ledger_justifies_nothing(company: Company) -> None:
    company.runs()
    page = max(company.settings.ledger.glob("*.json"))
    page.write_bytes(page.read_bytes().replace(b'"passed":1', b'"passed":2', 1))
    with pytest.raises(CheckFailed, match="which speaks against the company"):
        company.asked()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((None, None, "NONE-1"), "It has FORGET-1, KEEP-1"),
        ((date(2026, 3, 2), FIRST, "KEEP-1"), r"^--from is after --to"),
        ((date(2026, 4, 2), None, "KEEP-1"), r"^--from is after --to \(today"),
        ((None, date(2026, 4, 2), "KEEP-1"), r"^--to is in the future"),
        ((None, date(2026, 2, 27), "KEEP-1"), r"^--to: the policy says this since 2026-03-01\."),
        ((date(2026, 2, 1), date(2026, 2, 2), "KEEP-1"), "the policy had no such sentence"),
    ],
)
def test_what_cannot_be_asked_is_a_clear_error(company: Company, arguments: Any, sentence: str) -> None:
    company.passes()
    company.runs()
    with pytest.raises(ConfigurationError, match=sentence):
        company.asked(*arguments)


def refused_by_third_party(content: dict[str, Any], path: Path, key: str) -> str:
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(SystemExit) as caught:
        verify_evidence.main(str(path), key)
    return str(caught.value)


def test_a_third_party_is_not_deceived(company: Company, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    company.runs()
    company.runs("refused", failed=1, passed=0)
    company.runs()
    found = company.asked()
    key = ledger.public_key(company.settings)
    _, path = justify.write(company.settings, found, tmp_path / "out")
    true = json.loads(path.read_text(encoding="utf-8"))

    def changed(change: Any) -> str:
        content = json.loads(json.dumps(true))
        change(content)
        return refused_by_third_party(content, tmp_path / "changed.json", key)

    def better(content: dict[str, Any]) -> None:
        content["verdict"] = PROVEN

    def softened(content: dict[str, Any]) -> None:
        ended = [entry for entry in content["evidence"]["entries"] if entry["kind"] == "run_ended"]
        ended[1]["verdict"] = "published"

    def left_out(content: dict[str, Any]) -> None:
        content["evidence"]["entries"] = [entry for entry in content["evidence"]["entries"] if entry.get("run") != 2]

    def cut_off(content: dict[str, Any]) -> None:
        content["evidence"]["entries"] = content["evidence"]["entries"][:-2]

    def reworded(content: dict[str, Any]) -> None:
        content["claim"]["en"] = "Something else."

    def renumbered(content: dict[str, Any]) -> None:
        content["evidence"]["head"]["size"] -= 1

    assert "the verdict does not follow" in changed(better)
    assert "is not in the ledger: altered or foreign" in changed(softened)
    assert "entries of that time are left out" in changed(left_out)
    assert "entries of that time are left out" in changed(cut_off)

    def translated(content: dict[str, Any]) -> None:
        content["claim"]["fr"] = "Autre chose."

    def made_before(content: dict[str, Any]) -> None:
        content["made_at"] = "2026-03-02T09:00:00Z"

    def made_long_ago(content: dict[str, Any]) -> None:
        content["made_at"] = "0001-01-01T00:00:00Z"

    def excused(content: dict[str, Any]) -> None:
        content["against_the_ledger"] = ["something"]

    def nested(content: dict[str, Any]) -> None:
        content["evidence"]["leaves"] = "x"

    assert "the sentence or its rules are not those of the ledger" in changed(reworded)
    assert "the sentence or its rules are not those of the ledger" in changed(translated)
    assert "it is of days after it was made" in changed(made_before)
    assert "it is of days after it was made" in changed(made_long_ago)
    assert "the verdict does not follow" in changed(excused)
    assert "damaged" in changed(nested)
    assert "the head is not signed with this key" in changed(renumbered)
    assert "is not signed with this key" in refused_by_third_party(true, tmp_path / "changed.json", "ab" * 32)
    assert "none of Big Trust's, or damaged" in refused_by_third_party({}, tmp_path / "changed.json", key)
    assert "KEY must be 64 hexadecimal digits" in refused_by_third_party(true, tmp_path / "changed.json", "public.key")
    (tmp_path / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    for file, anchors in ((tmp_path / "deep.json", ()), (path, (tmp_path / "deep.json",)), (tmp_path / "none", ())):
        with pytest.raises(SystemExit, match="DOES NOT HOLD"):
            verify_evidence.main(str(file), key, anchors)


def test_sentences_that_were_in_force_cannot_be_left_out(company: Company, tmp_path: Path) -> None:
    """The newer ones have a rule more, which failed."""
    company.runs()
    company.claims({**CLAIM, "rules": ["ERA-01"]}, OTHER)
    company.claims(CLAIM, OTHER)
    company.runs(failed=1)
    first = company.day
    company.runs(failed=1)
    _, path = justify.write(company.settings, company.asked(first, first), tmp_path / "out")
    content = json.loads(path.read_text(encoding="utf-8"))
    older = next(it for it in ledger.entries(company.settings) if it["kind"] == "claims" and it["number"] != 1)
    entries = [it for it in content["evidence"]["entries"] if it["kind"] != "claims"]
    content["evidence"]["entries"] = sorted([older, *entries], key=lambda it: int(it["number"]))
    content |= {"verdict": PROVEN, "claim": older["claims"][0]}
    said = refused_by_third_party(content, tmp_path / "changed.json", ledger.public_key(company.settings))
    assert "the verdict does not follow" in said


def test_who_has_seen_a_head_sees_whether_it_is_still_that_ledger(
    company: Company, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    company.runs()
    company.runs("refused", failed=1, passed=0)
    company.runs()
    anchor, key = tmp_path / "head.json", ledger.public_key(company.settings)
    seen = ledger.head(company.settings)
    assert seen is not None
    anchor.write_bytes(canonical.encode(seen.content))
    company.runs()
    _, path = justify.write(company.settings, company.asked(), tmp_path / "out")
    verify_evidence.main(str(path), key, [str(anchor)])
    assert "1 heads agree that were seen elsewhere" in capsys.readouterr().out

    # a better story of the same days, written after the true one
    true, key_of_ours = ledger.entries(company.settings), signing.signer(company.settings)
    checks = next(it for it in true if it["kind"] == "run_ended")["checks"]
    ended = {"verdict": "published", "checks": checks, "in_place": {}, "is_written_later": False}
    ended |= {"claims": len(true) + 1}
    better: list[dict[str, Any]] = [
        {"kind": "claims", "claims": [CLAIM, OTHER], "at": "2026-02-27T03:00:00.000Z"},
        {"kind": "run_started", "run": 1, "at": "2026-02-28T03:00:00.000Z"},
        {"kind": "run_ended", "run": 1, "at": "2026-03-01T03:00:00.000Z", **ended},
    ]
    better = [{**it, "number": number} for number, it in enumerate(better, start=len(true) + 1)]
    tree = Tree([*true, *better])
    content = json.loads(path.read_text(encoding="utf-8"))
    head = tree.head(key_of_ours, "2026-03-05T03:00:00.000Z").content
    content |= {"from": "2026-03-01", "to": "2026-03-01", "verdict": PROVEN, "against_the_ledger": []}
    content["evidence"] |= {"entries": better, "leaves": tree.leaves(), "head": head}
    forged = tmp_path / "forged.json"
    forged.write_text(json.dumps(content), encoding="utf-8")
    verify_evidence.main(str(forged), key)
    assert "compared with no head seen elsewhere" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="bear an earlier time"):
        verify_evidence.main(str(forged), key, [str(anchor)])
    # another ledger with the same key
    shutil.rmtree(company.settings.ledger)
    again = Company(company.settings, company._patch)
    again.claims(CLAIM, OTHER)
    for _ in range(4):
        again.runs()
    _, path = justify.write(company.settings, again.asked(), tmp_path / "out")
    verify_evidence.main(str(path), key)
    with pytest.raises(SystemExit, match="the ledger is not the one that was seen at"):
        verify_evidence.main(str(path), key, [str(anchor)])


def test_the_verifier_is_short_and_stands_alone(company: Company, tmp_path: Path) -> None:
    script = PROJECT / "scripts" / "verify_evidence.py"
    assert len(script.read_text(encoding="utf-8").splitlines()) < 150
    company.runs()
    _, path = justify.write(company.settings, company.asked(), tmp_path / "out")
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / script.name).write_bytes(script.read_bytes())
    forbid = "import sys; sys.modules['bigtrust'] = sys.modules['pymerkle'] = None; import runpy; "
    forbid += "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-c", forbid, str(alone / script.name), str(path), "--key"]
    key = ledger.public_key(company.settings)
    done = subprocess.run([*command, key], capture_output=True, text=True, cwd=alone)
    assert (done.returncode, done.stdout.splitlines()[-1][:30]) == (0, "Holds. FORGET-1 from 2026-03-0"), done.stderr
    done = subprocess.run([*command, "ab" * 32], capture_output=True, text=True, cwd=alone)
    assert done.returncode == 1
    assert "DOES NOT HOLD" in done.stderr


def test_the_content_is_canonical_where_it_is_evidence(company: Company, tmp_path: Path) -> None:
    company.runs()
    found = company.asked()
    for entry in found.evidence["entries"]:
        assert canonical.decode(canonical.encode(dict(entry))) == entry


@pytest.mark.parametrize("place", ["ledger", "site", "landing", "register/x", "published", "warehouse/runs"])
def test_a_justification_is_written_into_no_folder_that_is_another_ones(company: Company, place: str) -> None:
    company.runs()
    path = company.settings.ledger.parent / place
    with pytest.raises(ConfigurationError, match=f"lies in the {place.split('/')[0]} folder. Name a folder of its own"):
        justify.write(company.settings, company.asked(), path)
    assert not (path / "justification.json").exists()
    assert ledger.read(company.settings).entries
