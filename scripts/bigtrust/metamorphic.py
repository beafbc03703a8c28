"""The last verdicts of the checks that build again: what a run says of them, and that it goes by them.

They take minutes, so no run makes them; somebody makes them with `bigtrust check --as-if-never` and
`--non-interference`. Their verdicts stand as long as nothing changes but the data: every run repeats them, and
publishes nothing while one of them is failed. After a change of models, policy or program they say nothing any more.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace

from bigtrust import changes, records
from bigtrust.errors import ConfigurationError
from bigtrust.files import write_durably
from bigtrust.settings import Settings
from bigtrust.verdicts import CheckResult, of_project

COMMANDS = {"MET-01": "bigtrust check --as-if-never", "MET-02": "bigtrust check --non-interference"}
OBJECT = "a sample of landing"  # what is judged where no relation is


def keep(settings: Settings, results: Sequence[CheckResult], basis: str) -> None:
    """Keep the verdicts of one check, in the place of those before; `basis` is changes.basis when the check began."""
    content = {"basis": basis, "made_at": records.now(), "results": [asdict(result) for result in results]}
    path = settings.metamorphic / f"{results[0].code}.json"
    write_durably(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n", mode=0o600)


def standing(settings: Settings) -> list[CheckResult]:
    """The verdicts that stand: not applicable where none does. Raises ConfigurationError for a damaged file."""
    found = []
    for code, command in COMMANDS.items():
        path = settings.metamorphic / f"{code}.json"
        if not path.exists():
            found.append(_says_nothing(code, f"it has not been made: {command}"))
            continue
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            day = str(content["made_at"])[:10]
            if content["basis"] != changes.basis(settings):
                since = f"models, policy or program changed since it was made on {day}: {command}"
                found.append(_says_nothing(code, since))
                continue
            results = [CheckResult(**result) for result in content["results"]]
        except (OSError, ValueError, KeyError, TypeError):
            raise ConfigurationError(f"{path} is damaged. Remove it, and make the check again: {command}.") from None
        stands = f"made on {day}"
        for result in results:
            how = f"{stands}; repair the model, or make it again with {command}" if result.blocks else stands
            found.append(replace(result, reason="; ".join(filter(None, (result.reason, how)))))
    return found


def _says_nothing(code: str, reason: str) -> CheckResult:
    return of_project(code, "metamorphic", OBJECT, 0, 0, "not applicable", reason)
