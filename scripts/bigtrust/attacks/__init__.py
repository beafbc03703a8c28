"""Re-identification, measured: attacks on the published files, written out, and what they find.

Each module is one attack. It says what the attacker has, and how it is judged whether the attack succeeds; the two are
kept apart. The three risks are those of the Article 29 Working Party, Opinion 05/2014 on anonymisation techniques
(WP216): singling out (`unicity`, `attributes`, `cells`), linkability (`linkage`) and inference (`erased`,
`differences`). The attack on pseudonyms themselves is `dictionary`. docs/reidentification.md explains the figures.

Nothing that is returned, written or raised holds a value from the data: counts and shares only.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import permutations
from pathlib import Path

import duckdb

from bigtrust import records, secret
from bigtrust.attacks import attributes, cells, dictionary, differences, erased, forgotten, linkage, unicity
from bigtrust.attacks.measures import Measure
from bigtrust.attacks.publications import attach_vault, opened, published_keys, require_published
from bigtrust.errors import ConfigurationError, InputError
from bigtrust.files import write_durably
from bigtrust.sampled import Reporter
from bigtrust.settings import PUBLICATIONS, Settings

NOBODY_ASKED = Measure(erased.NAME, "not applicable", "No purchase is forgotten today, so there is none to look for.")


@dataclass(frozen=True)
class Found:
    """What the attacks found on the publications of a run. `measured_at` is UTC, ISO 8601 without zone; `sample` and
    `seed` say what was drawn."""

    measured_at: str
    run: int
    sample: int
    seed: int
    publications: dict[str, list[Measure]]


def measure(settings: Settings, reporter: Reporter, *, sample: int, seed: int) -> Found:
    """Attack the publications. At most `sample` persons and numbers are drawn for each measure, the same ones for the
    same `seed`.

    Raises ConfigurationError if nothing is published, or if publications, vault or secret are not those of the last
    run; InputError if landing cannot be read or is not what the publications were made from.
    """
    run = require_published(settings)
    value = secret.load(settings)
    found: dict[str, list[Measure]] = {name: [] for name in PUBLICATIONS}
    try:
        with opened(settings, run) as connection:
            attach_vault(connection, settings.vault)
            domain_keys = published_keys(settings, value)
            _single_out(connection, reporter, found, sample=sample, seed=seed)
            _link(connection, reporter, found)
            _look_up(settings, reporter, found, domain_keys, sample=sample, seed=seed)
            _infer(connection, reporter, found, settings, domain_keys)
    except duckdb.Error as error:  # its message may quote data
        raise ConfigurationError(
            f"The vault or the landing files are not as the last run left them ({type(error).__name__}). Run `bigtrust "
            "run`, then measure again."
        ) from None
    return Found(records.now(), run, sample, seed, found)


def write(path: Path, found: Found) -> None:
    """Write what was found (JSON), for the summary page. Raises OSError if the disk refuses; the old file stays."""
    write_durably(path, json.dumps(asdict(found), ensure_ascii=False, indent=1) + "\n", mode=0o600)


def _single_out(
    connection: duckdb.DuckDBPyConnection,
    reporter: Reporter,
    found: dict[str, list[Measure]],
    *,
    sample: int,
    seed: int,
) -> None:
    reporter.phase("singling out")
    for name, relation in attributes.PERSONS.items():
        found[name].append(attributes.measure(connection, relation))
    resolutions = [(name, resolution) for name, some in unicity.RESOLUTIONS.items() for resolution in some]
    for number, (name, resolution) in enumerate(resolutions, start=1):
        found[name].append(unicity.measure(connection, resolution, sample=sample, seed=seed))
        reporter.progress(resolution.name, number, len(resolutions))


def _link(connection: duckdb.DuckDBPyConnection, reporter: Reporter, found: dict[str, list[Measure]]) -> None:
    reporter.phase("linkage")
    pairs = list(permutations(secret.DOMAINS, 2))
    for number, (one, other) in enumerate(pairs, start=1):
        found[one] += linkage.measures(connection, one, other)
        reporter.progress(f"{one} to {other}", number, len(pairs))


def _look_up(
    settings: Settings,
    reporter: Reporter,
    found: dict[str, list[Measure]],
    domain_keys: Mapping[str, bytes],
    *,
    sample: int,
    seed: int,
) -> None:
    reporter.phase("dictionary")
    numbers = dictionary.sampled(dictionary.numbers(settings.landing, settings.project), sample, seed)
    columns = dictionary.published(settings.published, dictionary.MOST_VALUES)
    looked_up = dictionary.look_up(columns, numbers, domain_keys, reporter.progress)
    if not any(result.with_secret for result in looked_up.values()):
        raise InputError(
            f"No number of the landing folder {settings.landing} is found in the publications, even with the secret: "
            "they were made from other files. Set BIGTRUST_LANDING, or run `bigtrust run`."
        )
    for name, result in looked_up.items():
        found[name].append(dictionary.measure(result))


def _infer(
    connection: duckdb.DuckDBPyConnection,
    reporter: Reporter,
    found: dict[str, list[Measure]],
    settings: Settings,
    domain_keys: Mapping[str, bytes],
) -> None:
    reporter.phase("inference")
    measured = [cells.measures(connection)]
    if forgotten.prepare(connection, settings, domain_keys):
        measured += [erased.measures(connection), differences.measures(connection)]
    else:
        measured += [{name: [NOBODY_ASKED] for name in PUBLICATIONS}]
    for number, some in enumerate(measured, start=1):
        for name, measures in some.items():
            found[name] += measures
        reporter.progress("totals and erased purchases", number, len(measured))
