"""The key versions of the pseudonymisation domains, and their rotation.

A domain starts with version 1. Each rotation is one small file in the register, which is never changed and holds no
secret: bringing an old copy of the register together with a newer one can only keep the newer version. What builds
have used is remembered in the warehouse folder, because a version that goes down would bring old pseudonyms back.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from bigtrust import lock
from bigtrust.errors import ConfigurationError
from bigtrust.files import private_folder, write_durably
from bigtrust.secret import DOMAINS, FINGERPRINT, FIRST_VERSION
from bigtrust.settings import Settings


@dataclass(frozen=True)
class Rotation:
    """A domain got a version. `rotated_at` is UTC, ISO 8601."""

    domain: str
    version: int
    rotated_at: str


def versions(settings: Settings) -> dict[str, int]:
    """Return the key version in force of every domain: public, and different if and only if a key was rotated.

    Two builds with the same versions (and the same secret, which `secret.load` ensures) give the same pseudonyms.
    Raises ConfigurationError if a rotation is damaged or missing: also if it is only known from an earlier build or
    from the publication.
    """
    in_force = {domain: FIRST_VERSION + len(rotations(settings, domain)) for domain in DOMAINS}
    known = used(settings)
    for domain, version in in_force.items():
        if version < max(known.get(domain, 0), published(settings, domain) or 0):
            raise _lost(settings, domain)
    return in_force


def rotations(settings: Settings, domain: str) -> list[Rotation]:
    """Return the rotations of a domain, the oldest first. Raises ConfigurationError if one is damaged or missing."""
    paths = _folder(settings).glob(f"{domain}.*.json")
    found = sorted((_read(path) for path in paths), key=lambda rotation: rotation.version)
    if [rotation.version for rotation in found] != [FIRST_VERSION + number for number in range(1, len(found) + 1)]:
        raise _lost(settings, domain)
    return found


def rotate(settings: Settings, domain: str) -> Rotation:
    """Raise the version of a domain, synced to disk before this returns. Takes effect with the next run.

    Raises ConfigurationError if there is no such domain or no run has made pseudonyms yet, LockedError while a run
    is under way: a run has the same keys from its start to its end.
    """
    if domain not in DOMAINS:
        raise ConfigurationError(f"--domain is no pseudonymisation domain. Name one of: {', '.join(DOMAINS)}.")
    if not (settings.register / FINGERPRINT).exists():
        raise ConfigurationError(
            f"There is nothing to rotate: no run has made pseudonyms with the register {settings.register}. Correct "
            "BIGTRUST_REGISTER, or run `bigtrust run` first."
        )
    with lock.exclusive(settings.warehouse):
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        rotation = Rotation(domain, versions(settings)[domain] + 1, moment)
        path = private_folder(_folder(settings)) / f"{domain}.{rotation.version}.json"
        write_durably(path, json.dumps(asdict(rotation), indent=2) + "\n", mode=0o600)
    return rotation


def used(settings: Settings) -> dict[str, int]:
    """Return the highest key version per domain that a build has used. Raises ConfigurationError if it is damaged."""
    path = settings.used_keys
    try:
        text = path.read_text(encoding="ascii")
        return {domain: int(version) for domain, version in map(str.split, text.splitlines())}
    except FileNotFoundError:
        return {}
    except ValueError:
        raise ConfigurationError(
            f"The file {path} is damaged: it says which key versions runs have used. If the register is complete, "
            "remove it; the next run writes it anew."
        ) from None


def published(settings: Settings, domain: str) -> int | None:
    """Return the key version of the pseudonyms in the domain's publication (None: there is none, or it cannot say)."""
    try:
        with duckdb.connect(str(settings.published / f"{domain}.duckdb"), read_only=True) as connection:
            rows = connection.execute("select cast(value as integer) from marts.about where fact = 'key_version'")
            return next((version for (version,) in rows.fetchall()), None)
    except duckdb.Error:
        return None


def remember(settings: Settings, in_force: dict[str, int]) -> None:
    """Write down which key versions a build uses, before it uses them."""
    if used(settings) != in_force:
        lines = [f"{domain} {version}\n" for domain, version in in_force.items()]
        write_durably(settings.used_keys, "".join(lines), mode=0o600)


def _folder(settings: Settings) -> Path:
    return settings.register / "key_rotations"


def _read(path: Path) -> Rotation:
    try:
        rotation = Rotation(**json.loads(path.read_text(encoding="utf-8")))
        datetime.fromisoformat(rotation.rotated_at)
        is_whole = path.name == f"{rotation.domain}.{rotation.version}.json" and isinstance(rotation.version, int)
    except (OSError, ValueError, TypeError):
        is_whole = False
    if not is_whole:
        raise ConfigurationError(
            f"Key rotation {path} is damaged or cannot be read. Restore it from the backup of the register: without "
            "it, old pseudonyms would come back."
        )
    return rotation


def _lost(settings: Settings, domain: str) -> ConfigurationError:
    return ConfigurationError(
        f"A key rotation of the domain {domain} is lost from {_folder(settings)}. Restore the register from your "
        "backup: without it, old pseudonyms would come back."
    )
