"""Synthetic assessments for the tests, the screenshots and the documentation: no real host, no real intruder.

`occupied()` is the story this program exists for: a server that was patched in time for the auditors and too late for
the intruder. Addresses are from the documentation ranges (RFC 5737, RFC 3849).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.report.build import IIS, at, finding, minimal
from waspglass.model.assessment import (
    Advice,
    Assessment,
    Clock,
    EvidenceNode,
    Host,
    Implant,
    Lid,
    LidState,
    Limit,
    TimelineEvent,
    Verdict,
)
from waspglass.model.coverage import Coverage, Span
from waspglass.model.facts import BuildSighting, Certainty
from waspglass.model.finding import Actor, Effect, Finding, Rung
from waspglass.model.skip import Skipped, SkipReason

PROXY = "D/Exchange/Logging/HttpProxy/Ecp/HttpProxy_{day}04-1.LOG"
ECP = "D/Exchange/Logging/ECP/Server/ECPServer{day}-1.LOG"
SHELL = "/aspnet_client/supp0rt.aspx"
SECOND = "/owa/auth/current/themes/errorfe.aspx"
BROWSER = "ExchangeServicesClient/0.0.0.0"


def _attack() -> tuple[Finding, ...]:
    intruder = Actor(address="203.0.113.77", user_agent=BROWSER, session="k3tNq0vJx1")
    proxy = PROXY.format(day="20210303")
    return (
        finding(
            101,
            time=at("2021-03-03T04:11:52Z"),
            source=proxy,
            line=4417,
            actor=intruder,
            techniques=("T1190",),
            excerpt="2021-03-03T04:11:52.310Z,0b7c…,15,1,2176,0,,Ecp,mail.example.test,/ecp/y.js,,,false,,,"
            "ServerInfo~a]@EX01.example.test:444/autodiscover/autodiscover.xml?#,ExchangeServicesClient/0.0.0.0,"
            "203.0.113.77,EX01,200,200,,POST",
        ),
        finding(
            102,
            rung=Rung.EXPLOITED,
            rule="proxylogon-session",
            title="An administrator's session was opened without a password",
            time=at("2021-03-03T04:12:09Z"),
            source=proxy,
            line=4421,
            actor=intruder,
            techniques=("T1190", "T1078"),
            evidence=("f00101",),
            excerpt="2021-03-03T04:12:09.114Z,4d11…,15,1,2176,0,,Ecp,mail.example.test,/ecp/y.js,,,false,,,"
            "ServerInfo~a]@EX01.example.test:444/ecp/proxyLogon.ecp?#,ExchangeServicesClient/0.0.0.0,"
            "203.0.113.77,EX01,241,241,,POST",
        ),
        finding(
            103,
            rung=Rung.IMPLANTED,
            rule="proxylogon-oab-write",
            title="A script was written into the address of an offline address book and saved as a page",
            time=at("2021-03-03T04:12:31Z"),
            source=ECP.format(day="20210303"),
            line=882,
            actor=intruder,
            subject=SHELL,
            techniques=("T1505.003",),
            excerpt='2021-03-03T04:12:31.702Z,EX01,ECP.Request,"S:TIME=88;S:CMD=Set-OabVirtualDirectory.ExternalUrl='
            "'http://f/<script language=JScript runat=server>[shortened on purpose]</script>'\"",
        ),
    )


def _use() -> tuple[Finding, ...]:
    uses = []
    for number in range(14):
        when = at("2021-03-03T05:02:11Z") + timedelta(hours=11 * number + number % 3, minutes=7 * number)
        uses.append(
            finding(
                200 + number,
                rung=Rung.USED,
                rule="implant-answered",
                title="The implanted page answered",
                time=when,
                source=IIS.format(day=when.strftime("%y%m%d")),
                line=1042 + 311 * number,
                actor=Actor(address="198.51.100.23", user_agent="Mozilla/5.0+(Windows+NT+10.0)"),
                subject=SHELL,
                techniques=("T1505.003", "T1059"),
                excerpt=f"{when:%Y-%m-%d %H:%M:%S} 192.0.2.10 POST {SHELL} - 443 - 198.51.100.23 "
                "Mozilla/5.0+(Windows+NT+10.0) - 200 0 0 312",
            )
        )
    return tuple(uses)


def _probes(count: int) -> tuple[Finding, ...]:
    probes = []
    for number in range(count):
        when = at("2021-02-27T01:00:00Z") + timedelta(minutes=(number * 9973) % 15_000)
        address = f"192.0.2.{20 + number % 7}"
        probes.append(
            finding(
                1000 + number,
                time=when,
                source=IIS.format(day=when.strftime("%y%m%d")),
                line=500 + number,
                actor=Actor(address=address, user_agent="python-requests/2.25.1"),
                techniques=("T1595.002",),
                effect=Effect.FAILED if number % 5 == 0 else Effect.SHOWS,
                excerpt=f"{when:%Y-%m-%d %H:%M:%S} 192.0.2.10 POST /ecp/x.js &cafeReqId={number:08x}; 443 - {address} "
                "python-requests/2.25.1 - 500 0 0 15",
            )
        )
    return tuple(probes)


def _late() -> tuple[Finding, ...]:
    return (
        finding(
            301,
            rung=Rung.IMPLANTED,
            rule="webfile-unknown-script",
            title="A page that the product does not ship holds a script runner",
            time=at("2021-03-07T22:40:00Z"),
            source="D/Exchange/FrontEnd/HttpProxy/owa/auth/current/themes/errorFE.aspx",
            line=None,
            offset=0x1A4,
            subject=SECOND,
            techniques=("T1505.003",),
            excerpt='<%@ Page Language="Jscript"%> [inert sample: body removed]',
        ),
        finding(
            302,
            rung=Rung.IMPACT,
            rule="lsass-dump",
            title="The memory that holds passwords was written to a file",
            time=at("2021-03-08T01:17:45Z"),
            source="C/Windows/System32/winevt/Logs/Security.evtx",
            line=None,
            record=918_231,
            actor=Actor(account="NT AUTHORITY\\\\SYSTEM"),
            techniques=("T1003.001",),
            excerpt="EventID=4688 NewProcessName=C:\\\\Windows\\\\System32\\\\rundll32.exe CommandLine=… comsvcs.dll …",
        ),
        finding(
            303,
            effect=Effect.ENDS,
            rung=Rung.IMPLANTED,
            rule="implant-gone",
            title="The implanted page was no longer there",
            time=at("2021-03-09T14:03:20Z"),
            source=IIS.format(day="210309"),
            line=20_411,
            actor=Actor(address="198.51.100.23"),
            subject=SHELL,
            excerpt=f"2021-03-09 14:03:20 192.0.2.10 GET {SHELL} - 443 - 198.51.100.23 - - 404 0 2 0",
        ),
    )


def _story() -> EvidenceNode:
    return EvidenceNode(
        claim="The server is patched and somebody is still inside.",
        holds=True,
        children=(
            EvidenceNode(
                claim="The server was vulnerable until the update of 5 March 2021 was installed.",
                holds=True,
                children=(
                    EvidenceNode(claim="Build 15.1.2176.2 ran on 4 March; it has no fix for these flaws.", holds=True),
                    EvidenceNode(claim="Build 15.1.2176.9 runs since 5 March; it has the fix.", holds=True),
                ),
            ),
            EvidenceNode(
                claim="203.0.113.77 entered on 3 March at 04:12 UTC, about 30 hours before the update.",
                holds=True,
                findings=("f00101", "f00102"),
            ),
            EvidenceNode(
                claim=f"A web shell was written to {SHELL} and used until it was removed on 9 March.",
                holds=True,
                findings=("f00103", *(f"f{200 + number:05d}" for number in range(14)), "f00303"),
            ),
            EvidenceNode(claim=f"A second web shell lies at {SECOND}.", holds=True, findings=("f00301",)),
            EvidenceNode(claim="Passwords were taken from memory.", holds=True, findings=("f00302",)),
            EvidenceNode(claim="Ransomware was started.", holds=False),
            EvidenceNode(claim="Mailboxes were exported.", holds=None),
        ),
    )


def _coverage() -> tuple[Coverage, ...]:
    march = Span(from_=at("2021-02-14T00:00:00Z"), to=at("2021-02-17T12:00:00Z"), reason="no file for these days")
    night = Span(from_=at("2021-03-06T02:00:00Z"), to=at("2021-03-07T09:00:00Z"), reason="host was off")
    return (
        Coverage(kind="iis", title="IIS logs", from_=at("2020-11-02T00:00:00Z"), to=at("2021-03-11T18:00:00Z"),
                 gaps=(march,), files=131, bytes=2_480_000_000, records=9_812_331, shows=("probed", "used")),
        Coverage(kind="httpproxy", title="Exchange HttpProxy logs", from_=at("2021-02-09T06:00:00Z"),
                 to=at("2021-03-11T18:00:00Z"), gaps=(night,), files=2210, bytes=1_120_000_000, records=3_108_440,
                 shows=("probed", "exploited"), entry=True),
        Coverage(kind="ecp-server", title="Exchange ECP server logs", from_=at("2021-02-09T00:00:00Z"),
                 to=at("2021-03-11T18:00:00Z"), gaps=(night,), files=31, bytes=88_000_000, records=201_120,
                 shows=("exploited", "implanted"), entry=True),
        Coverage(kind="webfile", title="Files under the web roots", files=4120, bytes=96_000_000, shows=("implanted",)),
        Coverage(kind="events", title="Windows event logs", from_=at("2021-03-05T11:00:00Z"),
                 to=at("2021-03-11T17:58:00Z"), files=6, bytes=420_000_000, records=512_003, shows=("used", "impact")),
        Coverage(kind="oabgenerator", title="Exchange OAB generator logs", shows=("implanted",)),
    )  # fmt: skip


def _limits() -> tuple[Limit, ...]:
    return (
        Limit(
            id="entry-window-not-covered",
            text="Between 3 January and 9 February no log is left that would have shown an entry.",
            spans=(Span(from_=at("2021-01-03T00:00:00Z"), to=at("2021-02-09T06:00:00Z")),),
            remedy="Exchange HttpProxy logs of these weeks, from a backup.",
            decisive=True,
        ),
        Limit(
            id="mailbox-audit-missing",
            text="No mailbox audit log was collected; what was read or exported cannot be told.",
            remedy="The output of Search-MailboxAuditLog, and the EWS logs.",
        ),
    )


def _advice() -> tuple[Advice, ...]:
    return (
        Advice(id="isolate", title="Take the server off the network", priority=1,
               text="Cut it off from the Internet and from the internal network, but leave it running: memory is "
               "evidence. Mail can flow through a replacement.", sources=("https://www.cisa.gov/",)),
        Advice(id="image", title="Take images of disk and memory before you clean anything", priority=1,
               text="What this report found may not be all. An image lets others look again."),
        Advice(id="rotate", title="Change every secret that was on this server", priority=2,
               text="Service accounts, machine account, certificates with private keys, and the passwords of all who "
               "logged on since 3 March. The memory that holds passwords was taken."),
        Advice(id="rebuild", title="Build the server anew", priority=3,
               text="Removing the web shells that are known does not remove the ones that are not."),
    )  # fmt: skip


def _clocks() -> tuple[Clock, ...]:
    return (
        Clock(id="gdpr-72h", title="Notify the data protection authority", law="GDPR Art. 33", hours=72,
              text="Concerns controllers whose personal data were affected. Starts when you become aware."),
        Clock(id="nis2-24h", title="Early warning to the CSIRT", law="NIS2 Art. 23(4)(a)", hours=24,
              text="Concerns essential and important entities. Starts when you become aware of such an incident."),
        Clock(id="nis2-72h", title="Incident notification to the CSIRT", law="NIS2 Art. 23(4)(b)", hours=72,
              text="An update of the early warning with a first assessment."),
        Clock(id="nis2-1m", title="Final report to the CSIRT", law="NIS2 Art. 23(4)(d)", hours=720,
              text="One month after the incident notification."),
    )  # fmt: skip


_CAMPAIGN = (
    ("2021-01-03", "Earliest attack traffic seen in retrospect (Volexity)", "exploitation"),
    ("2021-01-05", "DEVCORE reports the flaws to Microsoft", "report"),
    ("2021-01-06", "Volexity first identifies attacks", "exploitation"),
    ("2021-02-02", "Volexity warns Microsoft of active attacks", "report"),
    ("2021-02-23", "Microsoft sends proof-of-concept code to a subset of MAPP partners", "sharing"),
    ("2021-02-26", "Targeted exploitation turns into a global mass scan", "exploitation"),
    ("2021-02-28", "Other groups start using the flaws before the patch (ESET)", "exploitation"),
    ("2021-03-02", "Microsoft releases out-of-band updates", "patch"),
    ("2021-03-05", "BSI warns; about 9 000 firms written to by post", "warning"),
    ("2021-03-09", "First DearCry ransomware submissions", "ransomware"),
    ("2021-03-10", "A working exploit is publicly available", "poc_public"),
    ("2021-03-12", "Microsoft confirms DearCry", "ransomware"),
)


def occupied(probes: int = 60, language: str = "en") -> Assessment:
    """Patched but occupied, with every part of the report filled."""
    review = finding(
        401, rung=Rung.PROBED, effect=Effect.HINT, rule="sigma-susp-useragent", title="Unusual user agent",
        time=at("2021-02-20T10:00:00Z"),
        actor=Actor(address="192.0.2.200"), excerpt="2021-02-20 10:00:00 … curl/7.68.0",
    )  # fmt: skip
    context = finding(
        501, rung=None, effect=Effect.CONTEXT, rule="follow-up-address", title="The same address asked for a page",
        time=at("2021-03-03T04:09:00Z"), actor=Actor(address="203.0.113.77"), excerpt="GET /owa/auth/logon.aspx 200",
    )  # fmt: skip
    return minimal(
        Verdict.OCCUPIED,
        language=language,
        host=Host(name="ex01.example.test", timezone="Europe/Berlin", collected_at=at("2021-03-11T18:00:00Z"),
                  evidence="ex01-collection.zip", evidence_sha256="9c0e" * 16),
        sentence="This server is patched but occupied: a web shell that was written before the update is still there.",
        lid=Lid(
            state=LidState.PATCHED,
            since=at("2021-03-05T10:12:00Z"),
            not_before=at("2021-03-04T03:00:00Z"),
            builds=(
                BuildSighting(build="15.1.2176.2", at=at("2021-03-04T03:00:00Z"), certainty=Certainty.PROVEN,
                              source="D/Exchange/Bin/ExSetup.exe"),
                BuildSighting(build="15.1.2176.9", at=at("2021-03-05T10:12:00Z"), certainty=Certainty.PROVEN,
                              source="C/ExchangeSetupLogs/ExchangeSetup.log"),
            ),
            reason="The setup log shows the security update of March 2021.",
        ),
        rungs=tuple(Rung),
        first_entry=at("2021-03-03T04:12:31Z"),
        last_activity=at("2021-03-09T13:03:00Z"),
        window=Span(from_=at("2021-01-03T00:00:00Z"), to=at("2021-03-05T10:12:00Z")),
        why=_story(),
        implants=(
            Implant(subject=SHELL, written=at("2021-03-03T04:12:31Z"), first_used=at("2021-03-03T05:02:11Z"),
                    last_used=at("2021-03-09T13:03:00Z"), gone=at("2021-03-09T14:03:20Z"), present=False,
                    findings=("f00103", "f00200", "f00303")),
            Implant(subject=SECOND, written=at("2021-03-07T22:40:00Z"), present=True, findings=("f00301",)),
        ),
        findings=(*_probes(probes), *_attack(), *_use(), *_late()),
        context=(context,),
        review=(review,),
        coverage=_coverage(),
        skipped=(
            Skipped(source=IIS.format(day="210214"), reason=SkipReason.TRUNCATED, detail="9 of 15 columns"),
            Skipped(source=IIS.format(day="210301"), reason=SkipReason.MALFORMED_LINE, count=17),
            Skipped(source="D/Exchange/Logging/Ews/old.zip", reason=SkipReason.ENCRYPTED),
            Skipped(source="win_susp_proc_access", reason=SkipReason.MISSING_FIELD, detail="CallTrace"),
        ),
        limits=_limits(),
        advice=_advice(),
        clocks=_clocks(),
        campaign=tuple(TimelineEvent(date=datetime.fromisoformat(day).replace(tzinfo=UTC), text=text, kind=kind,
                                     source="https://krebsonsecurity.com/") for day, text, kind in _CAMPAIGN),
    )  # fmt: skip


def clean() -> Assessment:
    """Patched early, logs without a hole, nothing found."""
    return minimal(
        Verdict.CLEAN,
        host=Host(name="ex02.example.test", collected_at=at("2021-03-11T18:00:00Z"), evidence="ex02"),
        sentence="This server is patched and clean: the whole window is covered and nobody got in.",
        lid=Lid(state=LidState.PATCHED, since=at("2021-03-03T06:00:00Z"), reason="File versions show the update."),
        window=Span(from_=at("2021-01-03T00:00:00Z"), to=at("2021-03-03T06:00:00Z")),
        why=EvidenceNode(claim="Nothing was found and the window is covered.", holds=True),
        coverage=(Coverage(kind="httpproxy", from_=at("2020-12-30T00:00:00Z"), to=at("2021-03-11T00:00:00Z"), files=900,
                           bytes=10**9, shows=("probed", "exploited", "implanted", "used"), entry=True),),
    )  # fmt: skip


def attempted() -> Assessment:
    """Probed, nothing more."""
    return minimal(
        Verdict.ATTEMPTED,
        sentence="This server was probed and not entered.",
        lid=Lid(state=LidState.NEVER_VULNERABLE, reason="Exchange 2010 lacks the flaw."),
        rungs=(Rung.PROBED,),
        findings=_probes(6),
        why=EvidenceNode(claim="Six probes.", holds=True, findings=("f01000", "f01001")),
    )


def compromised() -> Assessment:
    """Entered, nothing persists that can be seen, still vulnerable."""
    return minimal(
        Verdict.COMPROMISED,
        sentence="This server was entered; nothing that persists can be seen.",
        lid=Lid(state=LidState.VULNERABLE, since=at("2021-01-01T00:00:00Z"), reason="The build has no fix."),
        rungs=(Rung.PROBED, Rung.EXPLOITED),
        findings=_attack()[:2],
        why=EvidenceNode(claim="A session was opened.", holds=True, findings=("f00102",)),
    )


def every_verdict() -> tuple[Assessment, ...]:
    """One assessment for each verdict."""
    return (clean(), attempted(), compromised(), occupied(), minimal())
