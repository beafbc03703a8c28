"""The evidence ledger: what each run did and proved, append-only and signed, so that nobody can rewrite it unseen.

An entry holds codes, counts, digests and times; never personal data, nor a digest of it that could be guessed. Entries
are the leaves of a Merkle tree (RFC 6962), whose head is signed (Ed25519) with every page that is appended. Whoever has
seen a head elsewhere, on a receipt for example, can tell whether the ledger still holds what it held then.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bigtrust import canonical
from bigtrust.errors import ConfigurationError
from bigtrust.files import alone_in, sync_folder, write_durably
from bigtrust.ledger import pages
from bigtrust.ledger.pages import Damaged, Ledger
from bigtrust.ledger.signing import is_begun, public_key, signer
from bigtrust.ledger.tree import Head
from bigtrust.settings import Settings

__all__ = [
    "Damaged",
    "Head",
    "Ledger",
    "against",
    "against_seen",
    "append",
    "entries",
    "folder",
    "head",
    "is_begun",
    "public_key",
    "read",
]


def read(settings: Settings) -> Ledger:
    """Return the ledger, verified byte by byte; an empty one if there is none yet. Raises Damaged if it is not whole,
    ConfigurationError if its public key is missing."""
    return pages.read(settings.ledger, public_key(settings) if is_begun(settings.ledger) else "")


def entries(settings: Settings) -> list[dict[str, Any]]:
    """Return all entries in their order. Raises as `read` does."""
    return [dict(entry) for entry in read(settings).entries]


def head(settings: Settings) -> Head | None:
    """Return the last signed tree head; None before the first entry. Raises as `read` does."""
    return read(settings).head


def append(settings: Settings, facts: Callable[[Ledger], Iterable[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Append entries as one page, synced to disk before this returns, and return them with their numbers and time.

    `facts` gives them, of what the ledger holds so far; each has a `kind`. Without any, nothing is written. Several
    processes may append: they wait for each other. Raises ConfigurationError if the ledger is not whole, its key cannot
    be used, or the disk refuses; then nothing was appended.
    """
    try:
        with alone_in(folder(settings)):
            for leftover in settings.ledger.glob(".*.json.*"):  # of who was killed while writing
                leftover.unlink(missing_ok=True)
            key, held = signer(settings), read(settings)
            if lost := against_seen(settings, held):
                raise ConfigurationError(
                    f"Ledger {settings.ledger}: {lost}. Restore it from your backup. If these entries are lost for "
                    f"good, remove {settings.seen_head}: runs go on then, and whoever has seen a later head will know."
                )
            last = held.head.at if held.head else ""
            at = max(datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"), last)
            first = len(held.entries) + 1
            added = [{**fact, "at": at, "number": number} for number, fact in enumerate(facts(held), start=first)]
            if added:
                held.tree.add(added)
                head = held.tree.head(key, at)
                write_durably(settings.ledger / pages.name_of(first), pages.content(added, head))
                _remember(settings, head)
            return added
    except OSError as error:
        raise ConfigurationError(
            f"The ledger {settings.ledger} cannot be written ({error.strerror or type(error).__name__}). Free the "
            "disk, or correct the folder's owner and mode."
        ) from None


def against_seen(settings: Settings, held: Ledger) -> str | None:
    """Return what speaks against the ledger if it lacks entries that this warehouse has seen in it, else None.

    The end of a ledger can be cut off without any trace in what is left.
    """
    try:
        seen = Head.read(canonical.decode(settings.seen_head.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return f"{settings.seen_head}, which says how long it was, is damaged"
    return against(held, seen)


def against(held: Ledger, seen: Head) -> str | None:
    """Return what speaks against the ledger if it is not the one in which somebody saw this head, else None."""
    if seen.size > len(held.entries):
        return f"at {seen.at} it had {seen.size} entries, now it has {len(held.entries)}: entries were removed"
    if seen.root != held.tree.root(seen.size):
        return f"the first {seen.size} entries are not those that it had at {seen.at}: it was written anew"
    return None


def _remember(settings: Settings, head: Head) -> None:
    """Write down the head beside the warehouse's other memories; an older one, after a crash, is true as well."""
    if settings.warehouse.is_dir():
        with suppress(OSError):
            write_durably(settings.seen_head, canonical.encode(head.content).decode("ascii"), mode=0o600)


def folder(settings: Settings) -> Path:
    """Return the ledger's folder; make it if it is not there. Auditors may read it: it holds nobody's data."""
    if not settings.ledger.exists():
        settings.ledger.mkdir(parents=True, exist_ok=True)
        settings.ledger.chmod(0o755)
        sync_folder(settings.ledger.parent)
    return settings.ledger
