"""Builders for assessments in tests: only what the test speaks of is spelled out."""

from __future__ import annotations

from datetime import datetime

from waspglass.model.assessment import Assessment, EvidenceNode, Host, Lid, LidState, PackReference, Verdict
from waspglass.model.document import parse_instant
from waspglass.model.finding import Finding, Rung

IIS = "C/inetpub/logs/LogFiles/W3SVC1/u_ex{day}.log"
PACK = PackReference(
    id="proxylogon",
    version="1.0.0",
    sha256="3b1f" * 16,
    title="ProxyLogon: Microsoft Exchange Server, early 2021",
    cves=("CVE-2021-26855", "CVE-2021-26857", "CVE-2021-26858", "CVE-2021-27065"),
    added_rules=2,
)


def at(text: str) -> datetime:
    """A moment in UTC from its ISO form."""
    return parse_instant(text)


def finding(number: int, **values: object) -> Finding:
    """A finding with an id of its own and whatever else the test speaks of."""
    filled: dict[str, object] = {
        "id": f"f{number:05d}",
        "rung": Rung.PROBED,
        "rule": "proxylogon-autodiscover-probe",
        "title": "Autodiscover asked for through the proxy flaw",
        "source": IIS.format(day="210228"),
        "line": number,
    }
    return Finding.model_validate(filled | values)


def minimal(verdict: Verdict = Verdict.CANNOT_TELL, **values: object) -> Assessment:
    """The smallest assessment that the model allows."""
    filled: dict[str, object] = {
        "generator": "waspglass 0.1.0",
        "created": at("2021-03-12T09:00:00Z"),
        "language": "en",
        "host": Host(evidence="evidence"),
        "pack": PACK,
        "verdict": verdict,
        "sentence": "Nothing can be said about this server.",
        "lid": Lid(state=LidState.UNKNOWN, reason="No build was found."),
        "rungs": (),
        "why": EvidenceNode(claim="There was no evidence.", holds=None),
    }
    return Assessment.model_validate(filled | values)
