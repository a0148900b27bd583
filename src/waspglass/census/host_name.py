"""Host names with other letters than ASCII, spelt as scanners and certificates spell them."""

from __future__ import annotations

import contextlib

import idna

__all__ = ["in_ascii"]


def in_ascii(name: str) -> str:
    """`*.münchen.example` as `*.xn--mnchen-3ya.example` (RFC 5891, UTS 46); as it is if it is ASCII or no such name."""
    if not name.isascii():
        domain = name.strip().removeprefix("*.")
        with contextlib.suppress(idna.IDNAError):
            return name.strip()[: -len(domain)] + idna.encode(domain, uts46=True).decode("ascii")
    return name
