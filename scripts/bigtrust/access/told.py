"""What one person agreed to, and to whom their data was given out: as far as that can be known.

Of a file of addresses the warehouse keeps that it was made, for whom and for what, and nobody who was in it. So of each
such file only this can be said of a person: that they may have been in it, or why they cannot have been.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from bigtrust.access.landed import USED, Landed, Row
from bigtrust.disclosures import Disclosure

POSSIBLE, NO_CONSENT, DID_NOT_BUY, NOT_YET_KNOWN = "possible", "no_consent", "did_not_buy", "not_yet_known"


@dataclass(frozen=True)
class Choice:
    """A word on a purpose: given (`granted`) or refused. `counts`: it is the last word, the one that counts.

    `place` is that of the row among the landed consents.
    """

    place: int
    purpose: str
    granted: bool
    channel: str | None
    recorded_at: datetime
    counts: bool


def choices(landed: Landed, erased_until: datetime | None) -> list[Choice]:
    """Return what a person said on each purpose, in the order of time.

    Of two words of the same moment the stricter counts, and none from before the person asked that everything be
    forgotten, as in the model consent_states.
    """
    said = sorted(
        ((place, row.read) for place, row in enumerate(landed.rows["consents"]) if row.state == USED),
        key=lambda each: (each[1]["recorded_at"], not each[1]["granted"]),
    )
    last = {
        read["purpose"].lower(): place
        for place, read in said
        if erased_until is None or read["recorded_at"] > erased_until
    }
    return [
        Choice(
            place,
            read["purpose"],
            read["granted"],
            read["channel"],
            read["recorded_at"],
            last.get(read["purpose"].lower()) == place,
        )
        for place, read in said
    ]


def agrees(said: Sequence[Choice], purpose: str, moment: datetime | None = None) -> bool:
    """Whether the last word on a purpose, up to a moment (UTC without zone; None: of all), is yes."""
    words = [
        choice
        for choice in said
        if choice.purpose.lower() == purpose and (moment is None or choice.recorded_at <= moment)
    ]
    return bool(words) and words[-1].granted


def disclosed(given_out: Sequence[Disclosure], landed: Landed, said: Sequence[Choice]) -> list[Mapping[str, Any]]:
    """Return every file of addresses that was made, and whether the person may have been in it (`concerned`).

    The fields are those of a disclosure without commitment and number of persons.
    """
    return [
        {name: value for name, value in asdict(file).items() if name not in ("commitment", "persons")}
        | {"concerned": _concerned(file, landed, said)}
        for file in given_out
    ]


def _concerned(file: Disclosure, landed: Landed, said: Sequence[Choice]) -> str:
    moment = datetime.fromisoformat(file.disclosed_at)
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    created = [row.read["created_at"] for row in landed.rows["customers"] if row.state == USED]
    if created and all(created_at and created_at > moment for created_at in created):
        return NOT_YET_KNOWN
    if file.kind == "recall":
        return POSSIBLE if _bought(file.subject, moment, landed) else DID_NOT_BUY
    needed = ["marketing"] + (["partner_sharing"] if file.purpose == "partner_sharing" else [])
    return POSSIBLE if all(agrees(said, purpose, moment) for purpose in needed) else NO_CONSENT


def _bought(product: str, moment: datetime, landed: Landed) -> bool:
    """A recall reaches whoever bought the product, also who asked that the purchase be forgotten."""
    when = {row.read["purchase_id"]: row.read["purchased_at"] for row in _used(landed, "purchases")}
    return any(
        row.read["product_id"] == product and when.get(row.read["purchase_id"], moment) <= moment
        for row in _used(landed, "purchase_lines")
    )


def _used(landed: Landed, name: str) -> list[Row]:
    return [row for row in landed.rows[name] if row.state == USED]
