"""File paths under a web root and the URLs under which they answer."""

from __future__ import annotations

import pytest

from waspglass.hunt.rules.paths import normalised_subject, url_of_path
from waspglass.packs.pack import WebRoot

ROOTS = (
    WebRoot(path="**/{frontend,clientaccess}/owa", url="/owa"),
    WebRoot(path=r"**\sites\{name}\Web?", url="/sites"),
    WebRoot(path="/inetpub/wwwroot/", url=""),
)


@pytest.mark.parametrize(
    ("path", "url"),
    [
        (r"C:\Exchange\FrontEnd\owa\auth\X.aspx", "/owa/auth/x.aspx"),
        (r"D:\ClientAccess\owa\x.aspx", "/owa/x.aspx"),
        (r"C:\anything\owa\x.aspx", None),
        (r"C:\frontend\owa", None),
        (r"C:\frontend\owa2\x.aspx", None),
        (r"C:\sites\any\web1\x.aspx", "/sites/x.aspx"),
        (r"C:\sites\any\more\web1\x.aspx", None),
        (r"\\?\C:\inetpub\wwwroot\a b.aspx", "/a b.aspx"),
        (r"\\exch01\c$\inetpub\wwwroot\x.aspx", "/x.aspx"),
        (r"C:\other\inetpub\wwwroot\x.aspx", None),
    ],
)
def test_a_web_root_means_what_the_globs_of_artefacts_mean(path: str, url: str | None) -> None:
    assert url_of_path(path, ROOTS) == url
    assert normalised_subject(path, ROOTS) == (url or path.lower())


@pytest.mark.parametrize(
    "address",
    ["/owa/x.aspx", "//owa//X.aspx", "/(S(a))/owa/(A(b)F(c))/x.aspx?q", "https://h:444/owa/%28S%28a%29%29/x.aspx"],
)
def test_a_page_has_one_name_however_its_address_is_written(address: str) -> None:
    assert normalised_subject(address, ROOTS) == "/owa/x.aspx"


@pytest.mark.parametrize("address", ["/(x)/x.aspx", "/owa/(s(a))", "/owa/a(s(b))/x.aspx"])
def test_brackets_that_are_no_session_belong_to_the_name(address: str) -> None:
    assert normalised_subject(address, ROOTS) == address
