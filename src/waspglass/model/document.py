"""The base of every document that waspglass reads or writes: frozen, strict, with times in UTC and a `Z`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer

__all__ = ["Document", "Instant", "format_instant", "parse_instant"]


class Document(BaseModel):
    """A value object: cannot be changed after it was made, and refuses fields that it does not know.

    Validators are built when a class is first used: most runs use few of the classes that they import.
    """

    model_config = ConfigDict(
        defer_build=True,
        frozen=True,
        extra="forbid",
        validate_default=True,
        ser_json_inf_nan="null",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


def format_instant(moment: datetime) -> str:
    """ISO 8601 in UTC with `Z`; fractions of a second only where they are not zero, to the millisecond."""
    utc = moment.astimezone(UTC)
    text = utc.replace(tzinfo=None).isoformat(timespec="seconds")
    return f"{text}.{utc.microsecond // 1000:03d}Z" if utc.microsecond >= 1000 else f"{text}Z"


def parse_instant(text: str) -> datetime:
    """Reads ISO 8601; a date alone is midnight UTC, and a time without a zone is taken as UTC.

    Raises:
        ValueError: If the text is not ISO 8601, or lies outside of the calendar once it is in UTC.
    """
    return _in_utc(datetime.fromisoformat(text))


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as fault:  # the first hours of the year 1, the last ones of 9999
        raise ValueError("the time lies outside of the calendar once it is in UTC") from fault


Instant = Annotated[datetime, AfterValidator(_in_utc), PlainSerializer(format_instant, when_used="json")]
"""A moment in UTC."""
