"""How products show themselves and their versions in scan exports: what `signs.yml` of a campaign pack says."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from waspglass.model.document import Document
from waspglass.packs.regex_faults import regex_fault

__all__ = ["BehaviourTest", "ExposedProduct", "SignsFile"]

_PARTS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
"""Escapes, and sets of characters."""
_OPERATORS = re.compile(r"\[|&&|--|~~")
_PLAIN = re.compile(r"(?:[\w/-]|\\[d.]|\{\d,\d\}|\(\?:|[()?*+])*", re.ASCII)
_Word = Annotated[str, Field(min_length=1)]
_Header = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]


def _path_with_version(pattern: str) -> str:
    """It must mean the same to both engines that will search with it: Python's, and that of Polars."""
    import re2

    if fault := _read_otherwise(pattern) or regex_fault(pattern, groups=1):
        raise ValueError(fault)
    if not re.match(r"/[\w/-]", pattern):
        raise ValueError("a path begins with / and a letter that stands for itself")
    quiet = re2.Options()
    quiet.log_errors = False
    try:
        re2.compile(pattern, quiet)
    except re2.error as error:
        raise ValueError("look-around and back references are not understood here") from error
    if fault := _refused(pattern):
        raise ValueError(fault)
    return pattern


def _read_otherwise(pattern: str) -> str | None:
    """What Polars reads in another way than Python does, as a phrase."""
    for part in _PARTS.findall(pattern):
        if part in (r"\<", r"\>"):
            return f"write {part[1]} without the backslash: {part} is not the same everywhere"
        if part.startswith("[") and _OPERATORS.search(re.sub(r"\\.", "", part[1:])):
            return rf"[, &&, -- and ~~ in {part} are not the same everywhere; write \[, \&, \- or \~"
    return None


def _refused(pattern: str) -> str | None:
    """What Polars does not take, as a phrase; loaded only for what is not plain, since questions do without it."""
    if _PLAIN.fullmatch(pattern):
        return None
    import polars as pl

    try:
        pl.Series([""], dtype=pl.String).str.extract(pattern)
    except pl.exceptions.ComputeError as error:
        reason = re.search(r"^error: (.+)|exceeds size limit", str(error), re.MULTILINE)
        return f"is not understood here: {reason[1] or 'it is too large' if reason else error}"
    return None


class BehaviourTest(Document):
    """An Nmap script that tests how a server behaves, and the CVE that it tests."""

    script: _Word
    cve: Annotated[str, Field(pattern=r"^CVE-\d{4}-\d{4,7}$")]


class ExposedProduct(Document):
    """How a product shows itself and its version in scan exports.

    Attributes:
        product: Word for it in the census: letters, digits and hyphens, in lower case.
        headers: Response headers whose value begins with the version.
        server_headers: Response headers whose value is the server's own name.
        paths: Paths that carry a version, as regular expressions whose first group is the version.
        titles: Titles of pages that name the product without a version.
        cpe: Parts of CPE names that do.
        feeds: Report types of Shadowserver (file names and IntelMQ's names) that list only this product.
        tags: Tags that name the product, and CVEs that only this product has.
        tests: Nmap scripts that test behaviour.
        scripts: Nmap scripts that only read a version.
    """

    product: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    headers: tuple[_Header, ...] = ()
    server_headers: tuple[_Header, ...] = ()
    paths: tuple[Annotated[str, AfterValidator(_path_with_version)], ...] = ()
    titles: tuple[_Word, ...] = ()
    cpe: tuple[_Word, ...] = ()
    feeds: tuple[_Word, ...] = ()
    tags: tuple[_Word, ...] = ()
    tests: tuple[BehaviourTest, ...] = ()
    scripts: tuple[_Word, ...] = ()


def _each_once(products: tuple[ExposedProduct, ...]) -> tuple[ExposedProduct, ...]:
    words = [each.product for each in products]
    if len(set(words)) < len(words):
        raise ValueError("a product is described twice")
    return products


class SignsFile(Document):
    """`signs.yml`.

    Attributes:
        products: One description a product.
        sources: Where the signs are documented.
    """

    products: Annotated[tuple[ExposedProduct, ...], AfterValidator(_each_once)]
    sources: tuple[str, ...] = ()
