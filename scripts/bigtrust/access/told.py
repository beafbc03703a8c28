"""What one person agreed to, and to whom their data was given out: as far as that can be known.

Of a file of addresses the warehouse keeps that it was made, for whom and for what, and nobody who was in it. So of each
such file only this can be said of a person: that they may have been in it, or why that is unlikely by what is held
today. It was made from landing as it was then, and deliveries are replaced and corrected: so what any row says, also
one that does not count, is enough for "possible".
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from bigtrust.access.landed import Landed
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
    forgotten, as in the model consent_states. A word that no run has read yet counts: `activate` obeys it already.
    """
    said = sorted(
        ((place, row.read) for place, row in enumerate(landed.rows["consents"]) if row.is_good),
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


def agrees(said: Sequence[Choice], purpose: str) -> bool:
    """Whether the word on a purpose that counts is yes."""
    return any(choice.counts and choice.granted for choice in said if choice.purpose.lower() == purpose)


def disclosed(given_out: Sequence[Disclosure], landed: Landed) -> list[Mapping[str, Any]]:
    """Return every file of addresses that was made, and whether the person may have been in it (`concerned`).

    The fields are those of a disclosure without commitment and number of persons.
    """
    return [
        {name: value for name, value in asdict(file).items() if name not in ("commitment", "persons")}
        | {"concerned": _concerned(file, landed)}
        for file in given_out
    ]


def _concerned(file: Disclosure, landed: Landed) -> str:
    moment = datetime.fromisoformat(file.disclosed_at)
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    needed = ["marketing"] + (["partner_sharing"] if file.purpose == "partner_sharing" else [])
    if file.kind == "recall":
        is_possible = _may_have_bought(file.subject, moment, landed)
    else:
        is_possible = all(_ever_agreed(purpose, moment, landed) for purpose in needed)
    if is_possible:
        return POSSIBLE
    created = [row.read["created_at"] for row in landed.rows["customers"]]
    if created and all(created_at and created_at > moment for created_at in created):
        return NOT_YET_KNOWN
    return DID_NOT_BUY if file.kind == "recall" else NO_CONSENT


def _ever_agreed(purpose: str, moment: datetime, landed: Landed) -> bool:
    """Whether there is any yes from before: a later no may have been delivered after the file was made."""
    return any(
        row.read["granted"] and (row.read["purpose"] or "").lower() == purpose and row.read["recorded_at"] <= moment
        for row in landed.rows["consents"]
        if row.read["recorded_at"]
    )


def _may_have_bought(product: str, moment: datetime, landed: Landed) -> bool:
    """A recall reaches whoever bought the product, also who asked that the purchase be forgotten.

    Of a purchase that is somebody else's today no line is looked at: any product may have been in it.
    """
    headers = landed.rows["purchases"]
    before = [row for row in headers if row.read["purchased_at"] is None or row.read["purchased_at"] <= moment]
    if any(landed.is_elsewhere("purchases", row) for row in before):
        return True
    later = {row.read["purchase_id"] for row in headers} - {row.read["purchase_id"] for row in before}
    return any(
        row.read["product_id"] == product and row.read["purchase_id"] not in later
        for row in landed.rows["purchase_lines"]
    )
