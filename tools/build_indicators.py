r"""Turns Microsoft's indicator feed of March 2021 (CSV, MIT) into the pack's STIX 2.1 bundle.

    python tools/build_indicators.py MSTICIoCs-ExchangeServerVulnerabilitiesDisclosedMarch2021.csv \
        src/waspglass/packs/proxylogon/indicators/microsoft_march_2021.json

`White` of the feed is TLP 1.0 for what TLP 2.0 calls CLEAR. Identifiers are derived from the values, so the same feed
gives the same bytes. A hash that is found proves an implant; a path alone is context, because scanners ask for all of
them on every server (the pack's Sigma rules say what a page at such a path means).
"""

from __future__ import annotations

import argparse
import csv
import json
import uuid
from pathlib import Path

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://waspglass.example/packs/proxylogon/indicators")
_TLP_CLEAR = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
"""The object of the OASIS extension for TLP 2.0, TLP:CLEAR."""
_SOURCE = "Microsoft Threat Intelligence Center, indicators of March 2021 (MIT)"
_MEANING = {"sha256": ("implanted", "shows"), "filepath": ("probed", "context")}


def _text(value: str) -> str:
    """A value inside a STIX pattern's quotes."""
    return value.replace("\\", "\\\\").replace("'", "\\'")


def pattern(kind: str, value: str) -> str:
    """The STIX pattern of a row."""
    if kind == "sha256":
        return f"[file:hashes.'SHA-256' = '{value.lower()}']"
    return f"[file:parent_directory_ref.path = '{_text(value)}']"


def indicator(row: dict[str, str]) -> dict[str, object]:
    """One row of the feed as a STIX indicator."""
    kind, value = row["IndicatorType"], row["Indicator"].strip()
    rung, effect = _MEANING[kind]
    added = f"{row['DateAdded']}T00:00:00.000Z"
    first_seen = row["FirstSeen"][:19] + ".000Z" if row["FirstSeen"] else added
    name = f"File of the campaign: {value[:16]}…" if kind == "sha256" else f"Path of a web shell: {value}"
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.uuid5(_NAMESPACE, f'{kind}:{value.lower()}')}",
        "created": added,
        "modified": added,
        "name": name,
        "description": _SOURCE,
        "indicator_types": ["malicious-activity"],
        "pattern": pattern(kind, value),
        "pattern_type": "stix",
        "valid_from": first_seen,
        "object_marking_refs": [_TLP_CLEAR],
        "x_waspglass_rung": rung,
        "x_waspglass_effect": effect,
    }


def bundle(rows: list[dict[str, str]]) -> dict[str, object]:
    """The whole feed; repeated rows are one indicator."""
    found = {str(one["id"]): one for one in map(indicator, rows)}
    marking = {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": _TLP_CLEAR,
        "created": "2022-10-01T00:00:00.000Z",
        "name": "TLP:CLEAR",
        "extensions": {
            "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
                "extension_type": "property-extension",
                "tlp_2_0": "clear",
            }
        },
    }
    objects = [marking, *(found[key] for key in sorted(found))]
    return {"type": "bundle", "id": f"bundle--{uuid.uuid5(_NAMESPACE, 'bundle')}", "objects": objects}


def main() -> None:
    """Reads the feed, writes the bundle, says how much."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("feed", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    with arguments.feed.open(encoding="utf-8-sig", newline="") as feed:
        made = bundle(list(csv.DictReader(feed)))
    arguments.output.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(made['objects']) - 1} indicators")  # type: ignore[arg-type]  # a list, see bundle


if __name__ == "__main__":
    main()
