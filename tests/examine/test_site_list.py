"""Sites of one web server: which serve the product, and when a site without logs is a gap in those of the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.evidence.trees import memory_artefact
from tests.examine.test_assess import both
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.coverage import coverage
from waspglass.evidence.log_span import LogSpan
from waspglass.evidence.readers.registry import record_readers
from waspglass.examine.site_list import SiteList, site_gaps, site_list
from waspglass.examine.sites import CENTRAL, site_number
from waspglass.model.coverage import Span
from waspglass.packs.load import load_pack
from waspglass.packs.pack import ArtefactKind

START = datetime(2025, 7, 1, tzinfo=UTC)
KIND = ArtefactKind(kind="iis", format="w3c", entry=True, gap_hours=24, title=both("logs"))
LOGS = r"C:\inetpub\logs\LogFiles"
BOTH = SiteList({"1": "Portal", "2": "Persons"}, told=True)
CONFIG = r"C:\Windows\System32\inetsrv\config\applicationHost.config"


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def steady(first: float, last: float) -> LogSpan:
    return LogSpan(day(first), day(last))


def gaps(sites: SiteList, **folders: list[LogSpan]) -> dict[str, list[tuple[float, float]]]:
    """The gaps in days after the start; folders are named like their sites."""
    (covered,) = coverage({"iis": [span for spans in folders.values() for span in spans]}, (KIND,))
    found = site_gaps(covered, KIND, {rf"{LOGS}\{name}": spans for name, spans in folders.items()}, sites)
    return {site: [_days(span) for span in spans] for site, spans in found.items()}


def _days(span: Span) -> tuple[float, float]:
    return (span.from_ - START) / timedelta(days=1), (span.to - START) / timedelta(days=1)


@pytest.mark.parametrize(
    ("folder", "number"),
    [
        (rf"{LOGS}\W3SVC12", "12"),
        (rf"{LOGS}\w3svc12\2025-07".lower(), "12"),
        (rf"{LOGS}\W3SVC3.zip", "3"),
        (rf"{LOGS}\W3SVC", CENTRAL),
        (r"D:\old\W3SVC1\copy\W3SVC2", "2"),
        (r"D:\portal", None),
        ("", None),
    ],
)
def test_a_folder_names_its_site(folder: str, number: str | None) -> None:
    assert site_number(folder) == number


def test_a_listed_site_without_a_log_is_missing_all_the_time() -> None:
    assert gaps(BOTH, W3SVC1=[steady(0, 20)]) == {"2": [(0, 20)]}
    assert gaps(BOTH, W3SVC1=[steady(0, 20)], W3SVC2=[steady(0, 20)]) == {}


def test_logs_that_name_no_site_are_those_of_the_only_one_and_not_of_two() -> None:
    alone = SiteList({"1": "Portal"}, told=True)
    assert gaps(alone, portal=[steady(0, 20)]) == {}
    assert gaps(alone, W3SVC5=[steady(0, 20)]) == {"1": [(0, 20)]}
    assert gaps(BOTH, portal=[steady(0, 20)]) == {"1": [(0, 20)], "2": [(0, 20)]}


def test_one_log_of_all_sites_speaks_for_each() -> None:
    assert gaps(BOTH, W3SVC=[steady(0, 20)]) == {}


@pytest.mark.parametrize("sites", [BOTH, SiteList()])
def test_a_site_that_was_used_steadily_is_missing_where_its_logs_begin_late_or_end_early(sites: SiteList) -> None:
    assert gaps(sites, W3SVC1=[steady(0, 20)], W3SVC2=[steady(4, 15)]) == {"2": [(0, 4), (15, 20)]}
    assert gaps(sites, W3SVC1=[steady(0, 20)], W3SVC2=[steady(0.9, 19.1)]) == {}


def test_a_site_that_is_used_now_and_then_is_expected_at_no_time() -> None:
    visits = [steady(number, number + 0.1) for number in (3, 7, 14)]
    assert gaps(BOTH, W3SVC1=[steady(0, 20)], W3SVC2=visits) == {}
    assert gaps(BOTH, W3SVC1=[steady(0, 20)], W3SVC2=[steady(3, 6)]) == {}


def test_a_site_that_the_configuration_does_not_list_is_not_missed() -> None:
    assert gaps(SiteList({"1": ""}, told=True), W3SVC1=[steady(0, 20)], W3SVC9=[steady(0, 12)]) == {}


def test_an_archive_by_months_is_no_second_site() -> None:
    assert gaps(SiteList(), W3SVC1=[steady(10, 20)], old=[steady(0, 10)]) == {}


def config(*sites: str, path: str = CONFIG, kind: str = "iis-config") -> Artefact:
    text = f"<configuration><sites>{''.join(sites)}</sites></configuration>"
    return memory_artefact(text.encode(), path, "iis_config", kind)


def site(number: int, folder: str) -> str:
    return (
        f'<site name="Site {number}" id="{number}"><application path="/owa">'
        f'<virtualDirectory path="/" physicalPath="{folder}" /></application></site>'
    )


FRONT, BACK = r"%ExchangeInstallPath%\FrontEnd\HttpProxy\owa", r"D:\Exchange\ClientAccess\owa"


def listed(*artefacts: Artefact) -> SiteList:
    return site_list(artefacts, load_pack("proxylogon"), record_readers())


def test_the_configuration_lists_the_sites_that_serve_a_folder_of_the_product() -> None:
    found = listed(config(site(1, FRONT), site(2, BACK), site(3, r"C:\inetpub\wwwroot"), site(7, f"{FRONT}\\")))
    assert found == SiteList({"1": "Site 1", "7": "Site 7"}, told=True)
    assert found.shown("7") == "7 (Site 7)"


def test_a_former_configuration_and_one_without_the_product_tell_nothing() -> None:
    former = config(site(1, FRONT), path=r"C:\inetpub\history\x\applicationHost.config", kind="iis-config-history")
    assert listed(former, config(site(3, r"C:\inetpub\wwwroot"))) == SiteList()


@pytest.mark.parametrize("number", ["", "0", "x", "1 2", "&#10;3", "9" * 40])
def test_what_is_no_number_of_a_site_names_none(number: str) -> None:
    odd = memory_artefact(
        config(site(1, FRONT)).file.open().read().replace(b'id="1"', f'id="{number}"'.encode()),
        CONFIG,
        "iis_config",
        "iis-config",
    )
    assert listed(odd) == SiteList()


def test_a_name_of_any_length_is_shown_as_a_short_one() -> None:
    assert len(SiteList({"1": "\x1b" * 5000}).shown("1")) < 1000


def test_sites_before_the_damage_of_a_configuration_are_known_and_may_not_be_all() -> None:
    broken = memory_artefact(
        b"<configuration><sites>" + site(4, FRONT).encode() + b"<site", CONFIG, "iis_config", "iis-config"
    )
    assert listed(broken) == SiteList({"4": "Site 4"}, told=False)


def test_a_log_of_errors_names_sites_that_were_asked_for_the_product() -> None:
    rows = (
        "198.51.100.9 443 /owa/auth.owa 3",
        "198.51.100.9 443 /owa/auth.owa -",
        "198.51.100.9 8530 /selfupdate 4",
        "192.0.2.10 444 /owa/auth.owa 2",
    )
    text = "\r\n".join(
        ["#Fields: date time c-ip s-port cs-uri s-siteid", *(f"2021-02-11 10:00:00 {one}" for one in rows)]
    )
    errors = memory_artefact(text.encode(), r"C:\Windows\System32\LogFiles\HTTPERR\httperr1.log", "httperr", "httperr")
    assert listed(errors) == SiteList({"3": ""})
    assert listed(errors, config(site(1, FRONT))) == SiteList({"1": "Site 1"}, told=True)
