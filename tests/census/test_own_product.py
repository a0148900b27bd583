"""A product that the program does not know, described in the `signs.yml` of a user's own pack."""

from __future__ import annotations

import gzip
import json
import pickle
import shutil
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from waspglass.census.sign_columns import read_columns
from waspglass.census.signs import load_signs
from waspglass.cli.census import app
from waspglass.model.errors import UsageError
from waspglass.packs.check import check_pack
from waspglass.packs.exposed import ExposedProduct
from waspglass.packs.load import load_pack, pack_folder

SIGNS = """
products:
  - product: mailgate
    headers: [X-Mailgate-Version]
    server_headers: [X-Mailgate-Host]
    paths: ['/mailgate/(\\d{1,3}(?:\\.\\d{1,5}){2,3})/']
    titles: [Mailgate Login]
    tags: [mailgate]
"""


def own_pack(folder: Path, signs: str = SIGNS) -> Path:
    """The smallest pack whose product nobody else knows."""
    shutil.copytree(pack_folder("proxylogon"), folder, ignore=shutil.ignore_patterns("sigma", "yara", "indicators"))
    head = (folder / "pack.yml").read_text(encoding="utf-8")
    (folder / "pack.yml").write_text(head.replace("proxylogon", folder.name), encoding="utf-8")
    (folder / "signs.yml").write_text(signs, encoding="utf-8")
    return folder


def banner(address: str, head: str = "", page: str = "", title: str | None = None) -> str:
    http: dict[str, object] = {"html": page, "title": title, "headers": {}}
    return json.dumps({
        "_shodan": {}, "ip_str": address, "port": 443, "timestamp": "2021-03-09T10:00:00", "data": head, "http": http,
    })  # fmt: skip


BANNERS = (
    banner("198.51.100.1", "HTTP/1.1 200 OK\r\nX-Mailgate-Version: 15.1.2106.13\r\nX-Mailgate-Host: G1\r\n\r\n"),
    banner("198.51.100.2", "HTTP/1.1 200 OK\r\n\r\n", "<img src='/mailgate/15.1.2106.2/logo.png'>"),
    banner("198.51.100.3", "HTTP/1.1 200 OK\r\n\r\n", title="Mailgate Login"),
    banner("198.51.100.4", "HTTP/1.1 200 OK\r\nX-OWA-Version: 15.1.2106.2\r\n\r\n"),
)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "download.json.gz"
    path.write_bytes(gzip.compress("\n".join(BANNERS).encode()))
    return path


def run(*words: str | Path) -> str:
    result = CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_hosts_of_the_product_are_counted_by_its_own_build_table(tmp_path: Path, export: Path) -> None:
    pack, store = own_pack(tmp_path / "mailgate-2026"), tmp_path / "store"
    run("add", export, "--store", store, "--pack", pack)
    (scan,) = json.loads(run("show", "--store", store, "--pack", pack, "--format", "json"))
    states = {name: number for name, number in scan.items() if name.startswith("addresses_") and number}
    assert states == {"addresses_patched": 1, "addresses_vulnerable": 1, "addresses_unknown_version": 1}


def test_products_that_the_program_knows_are_recognised_as_before(tmp_path: Path, export: Path) -> None:
    pack, store = own_pack(tmp_path / "mailgate-2026"), tmp_path / "store"
    run("add", export, "--store", store, "--pack", pack)
    (scan,) = json.loads(run("show", "--store", store, "--format", "json"))
    assert {name: number for name, number in scan.items() if name.startswith("addresses_") and number} == {
        "addresses_vulnerable": 1
    }


def test_signs_sent_to_another_process_are_the_same() -> None:
    signs = load_signs((ExposedProduct(product="x", headers=("X-V",), paths=(r"/x/(\d{1,3}(?:\.\d{1,5}){2,3})/",)),))
    sent = pickle.loads(pickle.dumps(signs))  # our own bytes
    for head, page in (("\nX-V: 1.2.3.4", ""), ("", "/x/1.2.3/"), ("\nX-W: 1.2.3.4", "/y/1.2.3/")):
        assert sent.read(head, page) == signs.read(head, page)


def test_a_product_without_headers_is_told_by_the_rest() -> None:
    signs = load_signs((ExposedProduct(product="x", titles=("Log in to X",)),))
    assert signs.read("\nServer: X/1.2.3", "page") is None
    assert signs.product_of("Log in to X", None) == "x"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("paths: ['/a/(\\d+']", "does not compile"),
        ("paths: ['/a/\\d+']", "at least 1 group"),
        ("paths: ['(\\d+)/a']", "a path begins with"),
        ("paths: ['/a/(?=b)(\\d+)']", "look-around"),
        ("product: Mail Gate", "String should match"),
        ("paths: ['/a/([[\\d.]+)']", "not the same everywhere"),
        ("paths: ['/a/([\\d.&&]+)']", "not the same everywhere"),
        ("paths: ['/a/(\\d+)\\<']", "not the same everywhere"),
        ("paths: ['/a{b}/(\\d+)']", "not understood here: repetition"),
        ("paths: ['/a/(\\w{1,1000})']", "too large"),
        ("headers: ['']", "String should match"),
        ("headers: ['X Y']", "String should match"),
        ("cpe: ['']", "at least 1 character"),
        ("tests: [{script: x, cve: CVE-1}]", "String should match"),
        ("colour: red", "no such key is known"),
    ],
)
def test_faults_of_signs_are_named_with_their_line(tmp_path: Path, wrong: str, said: str) -> None:
    name = wrong.partition(":")[0]
    lines = [line for line in SIGNS.splitlines() if not line.strip(" -").startswith(f"{name}:")]
    first = "  - " if name == "product" else "    "
    text = "\n".join([*lines[:2], first + wrong, *lines[2:]] if name == "product" else [*lines, first + wrong])
    pack = own_pack(tmp_path / "mine", text)
    (issue,) = (one for one in check_pack(pack) if one.file == "signs.yml")
    assert said in issue.message
    assert issue.line is not None


@pytest.mark.parametrize(
    ("path", "page", "version"),
    [
        (r"/gates?/(\d\.\d\.\d)", "/gate/1.2.3", "1.2.3"),
        (r"/gates*/(\d\.\d\.\d)", "/gate/1.2.3", "1.2.3"),
        (r"/gates{0,1}/(\d\.\d\.\d)", "/gate/1.2.3", "1.2.3"),
        (r"/gate/|/door/(\d\.\d\.\d)", "/door/1.2.3", "1.2.3"),
        (r"/gate/|/door/(\d\.\d\.\d)", "/gate/ /door/1.2.3", None),
        (r"/the(?:gate|door)/(\d\.\d\.\d)", "/thedoor/1.2.3", "1.2.3"),
        (r"/gate[|/](\d\.\d\.\d)", "/gate|1.2.3", "1.2.3"),
        (r"/gate\|(\d\.\d\.\d)", "/gate|1.2.3", "1.2.3"),
        (r"/gate/(?:v(\d\.\d\.\d))?", "/gate/ /gate/v1.2.3", None),
        (r"/gate/()x", "/gate/x", ""),
    ],
)
def test_a_path_is_found_alike_by_columns_and_one_by_one(path: str, page: str, version: str | None) -> None:
    signs = load_signs((ExposedProduct(product="gate", paths=(path, r"/late/(\d\.\d\.\d)")),))
    late = "\nLocation: /late/9.9.9"
    for head, text, shown in (
        ("", page, version),
        (f"\n{page}", "", version),
        (late, page, version if version is not None else "9.9.9"),
    ):
        (found,) = read_columns(signs, pl.Series([head]), pl.Series([text]))["version"]
        assert found == (sign.version if (sign := signs.read(head, text)) else None)
        assert found == shown


def test_products_without_headers_show_what_each_page_shows() -> None:
    own = (
        ExposedProduct(product="exchange", paths=(r"/x/(\d\.\d\.\d)",)),
        ExposedProduct(product="sharepoint", titles=("S",)),
    )
    found = read_columns(load_signs(own), pl.Series(["a", "b"]), pl.Series(["/x/1.2.3", "z"]))
    assert found["version"].to_list() == ["1.2.3", None]


def test_a_product_of_two_packs_is_what_the_first_says(tmp_path: Path, export: Path) -> None:
    first = own_pack(tmp_path / "first")
    second = own_pack(tmp_path / "second", SIGNS.replace("Mailgate Login", "Other"))
    store = tmp_path / "store"
    run("add", export, "--store", store, "--pack", first, "--pack", second, "--pack", "proxylogon", "--pack", first)
    (scan,) = json.loads(run("show", "--store", store, "--pack", first, "--format", "json"))
    assert sum(number for name, number in scan.items() if name.startswith("addresses_")) == 3


def test_tags_and_report_types_are_known_in_any_case() -> None:
    signs = load_signs((ExposedProduct(product="x", tags=("CVE-2030-12345", "Gate"), feeds=("Scan_Gate",)),))
    assert signs.product_of_tags(["cve-2030-12345"]) == signs.product_of_tags(["gate"]) == "x"
    assert signs.product_of_feed("scan_gate") == "x"


def test_a_version_that_shodan_names_is_taken_for_a_product_of_two_words(tmp_path: Path) -> None:
    path = tmp_path / "download.json"
    path.write_text(
        banner("198.51.100.1", title="T").replace('"port"', '"product": "Mail Gate", "version": "1.2.3.4", "port"')
    )
    pack = own_pack(tmp_path / "mine", "products: [{product: mail-gate, titles: [T]}]")
    run("add", path, "--store", tmp_path / "store", "--pack", pack)
    rows = json.loads(run("show", "--store", tmp_path / "store", "--pack", pack, "--by", "build", "--format", "json"))
    assert [row["build"] for row in rows] == ["1.2.3.4"]


def test_only_words_of_known_products_are_taken(tmp_path: Path, export: Path) -> None:
    mapping = tmp_path / "list.toml"
    mapping.write_text("name = 'x'\nproduct = 'mailgate'\n[columns]\naddress = 'ip'", encoding="utf-8")
    for words in (["--product", "mailgate"], ["--mapping", str(mapping)]):
        result = CliRunner().invoke(app, ["add", str(export), "--store", str(tmp_path / "store"), *words])
        assert isinstance(result.exception, UsageError), words
        assert "exchange, sharepoint" in str(result.exception.hint)
    pack = own_pack(tmp_path / "mailgate-2026")
    run("add", export, "--store", tmp_path / "store", "--pack", pack, "--product", "mailgate", "--mapping", mapping)


def test_a_pack_without_signs_is_told(tmp_path: Path, export: Path) -> None:
    pack = own_pack(tmp_path / "mine")
    (pack / "signs.yml").unlink()
    result = CliRunner().invoke(app, ["add", str(export), "--store", str(tmp_path / "store"), "--pack", str(pack)])
    assert result.exit_code == 0
    assert "has no signs.yml" in result.stderr


def test_packs_of_the_program_describe_their_products() -> None:
    for name, product in (("proxylogon", "exchange"), ("toolshell", "sharepoint")):
        assert [each.product for each in load_pack(name).exposed] == [product]
