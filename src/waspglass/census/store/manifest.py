"""`manifest.json`: which files of a store count, what they were made of, and what was left out on the way."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Literal

from pydantic import Field

from waspglass.model.document import Document, Instant
from waspglass.model.skip import Skipped

__all__ = ["SCHEMA", "Added", "DataFile", "Manifest", "Refused"]

SCHEMA: Literal["waspglass/census-store/1"] = "waspglass/census-store/1"


class DataFile(Document):
    """One Parquet file of the store, by its path in it with `/`: the sightings of a day's scan."""

    path: str
    date: dt.date
    source: str
    rows: int
    bytes: int


class Added(Document):
    """One export that was added.

    Attributes:
        name: File name, with the member for a ZIP archive.
        digest: XXH3-128 of the unpacked content: the same export packed in another way is the same. Of an export
            without a row it is of source, day and recipient too, since all of them have the same content.
        file_digest: XXH3-128 of the bytes as they came; without a row the same as `digest`.
        source: Feed id.
        added: When.
        records: Sightings that came out.
        skipped: What did not, with reasons.
        partial: Where the packing broke, if the user took what stood before that place.
        files: Where the sightings are.
    """

    name: str
    digest: str
    file_digest: str
    source: str
    added: Instant
    records: int
    skipped: tuple[Skipped, ...] = ()
    partial: str | None = None
    files: tuple[DataFile, ...] = ()

    @property
    def id(self) -> str:
        """What the export is called on the command line, where several have its name."""
        return self.digest[:12]

    @property
    def days(self) -> tuple[dt.date, ...]:
        """The days of its rows, in order."""
        return tuple(sorted({file.date for file in self.files}))

    def reissues(self, other: Added) -> bool:
        """True if the other is of the same name and source and of a day of this one: a correction looks like that."""
        same = (self.name, self.source) == (other.name, other.source) and self.digest != other.digest
        return same and not set(self.days).isdisjoint(other.days)

    def covers(self, other: Added) -> bool:
        """True if it can take the place of the other: it lacks none of its days, and is whole if that one is."""
        return set(other.days) <= set(self.days) and (self.partial is None or other.partial is not None)


class Refused(Document):
    """One export of which nothing was added; the reason names the place."""

    name: str
    refused: Instant
    reason: str


class Manifest(Document):
    """The content of a store; a Parquet file that is not named here does not count."""

    schema_: Literal["waspglass/census-store/1"] = Field(default=SCHEMA, alias="schema", serialization_alias="schema")
    added: tuple[Added, ...] = ()
    refused: tuple[Refused, ...] = ()

    def files(self) -> tuple[DataFile, ...]:
        """All files that count."""
        return tuple(file for each in self.added for file in each.files)

    def fingerprint(self) -> str:
        """Differs for any two stores whose answers may differ: what is kept of an answer is kept under it.

        An export that is taken out and added again in another way has the same files under the same names.
        """
        counted = "\n".join(f"{file.path} {each.added.isoformat()}" for each in self.added for file in each.files)
        return hashlib.sha256(counted.encode()).hexdigest()

    def find(self, *, digest: str | None = None, file_digest: str | None = None) -> Added | None:
        """The export with this content or these bytes, if it was added before."""
        known = (each for each in self.added if digest == each.digest or file_digest == each.file_digest)
        return next(known, None)
