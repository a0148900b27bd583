"""How products show themselves and their versions in scan exports: what `signs.yml` of a campaign pack says."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from waspglass.model.document import Document
from waspglass.packs.regex_faults import regex_fault

__all__ = ["BehaviourTest", "ExposedProduct", "SignsFile"]


def _path_with_version(pattern: str) -> str:
    """Both engines that will search with it must know it: Python's, and Rust's, which understands what RE2 does."""
    import re2

    if fault := regex_fault(pattern, groups=1):
        raise ValueError(fault)
    if not re.match(r"/[\w/-]", pattern):
        raise ValueError("a path begins with / and a letter that stands for itself")
    try:
        re2.compile(pattern, re2.Options())
    except re2.error as error:
        raise ValueError("look-around and back references are not understood here") from error
    return pattern


class BehaviourTest(Document):
    """An Nmap script that tests how a server behaves, and the CVE that it tests."""

    script: str
    cve: str


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
    headers: tuple[str, ...] = ()
    server_headers: tuple[str, ...] = ()
    paths: tuple[Annotated[str, AfterValidator(_path_with_version)], ...] = ()
    titles: tuple[str, ...] = ()
    cpe: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    tests: tuple[BehaviourTest, ...] = ()
    scripts: tuple[str, ...] = ()


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
