"""125 web rules in the style of SigmaHQ, written for this benchmark; one line a rule, expanded to Sigma YAML.

A line is `title | selection | ...`; a selection is `field|modifiers = value, value`; several selections are AND-ed, one
that begins with `!` is a filter. Commas separate alternatives. They are benchmark load, not detections to rely on.
"""

# ruff: noqa: E501 - tables of log lines and rules, one a line

from __future__ import annotations

import uuid

import yaml

__all__ = ["sigma_rules"]

_Q = "cs-uri-query|contains"
_UA = "cs-user-agent|contains"
_TABLE = f"""
Shell upload page posted under ecp | cs-method = POST | cs-uri-stem|contains = /ecp/ | cs-uri-stem|endswith = .js, .css, .png | !cs-uri-stem|contains = /ecp/15.
ProxyShell style autodiscover | {_Q} = autodiscover.json | {_Q} = @evil, %40evil, /mapi/nspi, powershell/?x-rps
Remote powershell with token | {_Q} = /powershell | {_Q} = x-rps-cat
OWA suffix ssrf | {_Q} = /owa/ | {_Q} = powershell
WebDAV mini redirector download | cs-user-agent|startswith = Microsoft-WebDAV-MiniRedir | cs-method = GET
WebDAV mini redirector to share | cs-user-agent|startswith = Microsoft-WebDAV-MiniRedir | cs-uri-stem|contains = davwwwroot, /webdav/
Bare Mozilla agent | cs-user-agent = Mozilla/5.0, Mozilla/4.0, Mozilla
Old MSIE agent | cs-user-agent = Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1), Mozilla/4.0 (compatible; MSIE 7.0)
Python client on ecp | {_UA} = python-requests, python-urllib, aiohttp | cs-uri-stem|contains = /ecp/
Go client on autodiscover | {_UA} = go-http-client | cs-uri-stem|contains = autodiscover
Scripted client posts aspx | cs-method = POST | {_UA} = antsword, python-requests, curl/, wget/ | cs-uri-stem|endswith = .aspx
Exchange services client probe | cs-user-agent|startswith = ExchangeServicesClient/0.0
Web shell in client folder | cs-uri-stem|contains = /aspnet_client/ | cs-uri-stem|endswith = .aspx, .ashx, .asmx
Web shell in owa auth | cs-uri-stem|contains = /owa/auth/ | cs-uri-stem|endswith = .aspx | !cs-uri-stem|endswith = /logon.aspx, /logoff.aspx, /errorfe.aspx, /signout.aspx, /expiredpassword.aspx
Scanner sqlmap | {_UA} = sqlmap, sqlninja, havij
Scanner nikto | {_UA} = nikto, wikto
Scanner directory busters | {_UA} = gobuster, dirbuster, feroxbuster, wfuzz, ffuf
Scanner nmap | {_UA} = nmap scripting engine, nmap nse
Scanner nuclei | {_UA} = nuclei, projectdiscovery
Scanner masscan | {_UA} = masscan, zgrab, zmap
Scanner acunetix | {_UA} = acunetix, netsparker, appscan, webinspect
Scanner misc one | {_UA} = openvas, nessus, qualys, arachni
Scanner misc two | {_UA} = jaeles, vega/, w3af, skipfish, whatweb
Scanner misc three | {_UA} = wpscan, joomscan, cmsmap, droopescan
Crypto miner agent | {_UA} = xmrig, ccminer, xmr-stak
Malware agents one | {_UA} = zeroup, botnetscan, mirai, tsunami
Malware agents two | cs-user-agent = Moxilla, Mozila/5.0, Mozzila, Opera/9.80 (Win), Windows Explorer, Mozilla/3.0
Powershell agent | {_UA} = windowspowershell/
BITS agent to script | {_UA} = microsoft bits/ | cs-uri-stem|endswith = .ps1, .hta, .vbs
Certutil agent | {_UA} = certutil url agent, cryptoapi/
Hacktool agents | {_UA} = metasploit, cobaltstrike, empire-agent, (hydra), havoc/
Base64 agent | cs-user-agent|startswith = TW96aWxsYS, TVpQ
Agent with quote | {_UA} = onclick=, <script, alert(
Union select | {_Q} = union select, union all select, union+all+select, union%20select, union/**/select
SQL tautology | {_Q} = ' or 1=1, %27%20or%201, '+or+'1'='1
SQL time based | {_Q} = waitfor delay, waitfor%20delay, benchmark(, pg_sleep(, sleep(5
SQL schema | {_Q} = information_schema, sysobjects, xp_cmdshell, sp_executesql
SQL functions | {_Q} = group_concat(, extractvalue(, updatexml(, load_file(
Cross site script | {_Q} = <script>, %3cscript, javascript:alert, onerror=, onload=alert
Path traversal | {_Q} = ../../../, ..%2f..%2f, ..%5c..%5c, %2e%2e%2f%2e, ..;/..;/
Unix file read | {_Q} = /etc/passwd, /etc/shadow, /proc/self/environ, /etc/hosts
Windows file read | {_Q} = boot.ini, win.ini, windows/system32/drivers, sam.bak
Log4Shell plain | {_Q} = ${{{{jndi:, ${{{{lower:j, ${{{{::-j, %24%7bjndi
Log4Shell agent | {_UA} = ${{{{jndi:, ${{{{lower:, ${{{{upper:
Log4Shell referer | cs-referer|contains = ${{{{jndi:, ${{{{lower:
Template injection | {_Q} = ={{{{{{{{, =${{{{, %7b%7b7*7, <%25=
Template injection jinja | {_Q} = __class__, __globals__, __subclasses__, request.application
Shellshock | {_UA} = () {{{{ :, (){{{{:, () {{{{ _
Command injection | {_Q} = ;id;, |whoami, %7cwhoami, `id`, $(id), ;cat%20/
Windows commands in query | {_Q} = whoami, net user, net%20user, cmd.exe, powershell.exe, ipconfig /all | !cs-uri-stem|endswith = /search.aspx
Linux commands in query | {_Q} = wget http, wget%20http, curl%20http, chmod 777, chmod%20777, /bin/bash, /bin/sh
Reverse shell in query | {_Q} = /dev/tcp/, nc -e, ncat%20, mkfifo%20
PHP wrapper | {_Q} = php://input, php://filter, data://text, expect://, phar://
PHP code | {_Q} = eval(, assert(, base64_decode(, system(, passthru(, shell_exec(
Remote include | {_Q} = =http://, =https%3a%2f%2fevil, =ftp://
Java deserialisation | {_Q} = rO0ABXN, aced0005, %ac%ed%00%05
Spring expression | {_Q} = t(java.lang.runtime), class.module.classloader, #context, %23context
Struts ognl | {_Q} = redirectaction:, %{{{{(#, (#_memberaccess, ognl.ognlcontext
OFBiz | cs-uri-stem|contains = /webtools/control/ | cs-method = POST
Confluence ognl | {_Q} = ${{{{(#, %24%7b%28%23
Citrix traversal | {_Q} = /vpn/../vpns/, /vpns/portal/scripts/, /vpns/cfg/smb.conf
Citrix path two | cs-uri-stem|contains = /pcidss/report, /rapi/filedownload
F5 traversal | {_Q} = /tmui/login.jsp/..;/, /mgmt/tm/util/bash, /hsqldb;
Fortinet read | {_Q} = /remote/fgt_lang, /dev/cmdb/sslvpn_websession
Pulse read | {_Q} = /dana-na/../dana, /dana/html5acc/guacamole/
SonicWall | {_Q} = /cgi-bin/jarrewrite.sh, /cgi-bin/sslvpnclient
Accellion | {_Q} = /courier/document_root.html, /courier/oauth.api, about.html?aid=
vCenter upload | {_Q} = /ui/vropspluginui/rest, /analytics/telemetry/ph/api
vCenter read | {_Q} = /eam/vib?id=
SolarWinds | {_Q} = webresource.axd.i18n.ashx, scriptresource.axd.i18n, skipi18n
Telerik | cs-uri-stem|endswith = /telerik.web.ui.webresource.axd | {_Q} = type=rau
SharePoint tool pane | cs-method = POST | {_Q} = /_layouts/15/toolpane.aspx | cs-referer|contains = signout.aspx
SharePoint page | cs-uri-stem|contains = /_layouts/15/spinstall
SharePoint picker | {_Q} = /_layouts/15/picker.aspx, /_layouts/15/quicklinks.aspx
MOVEit | cs-uri-stem|endswith = /moveitisapi.dll, /human2.aspx
Manage engine | {_Q} = /servlet/gettfeed, /restapi/logonsubmit, /./restapi
Zimbra | {_Q} = /service/extension/backup/mboximport
GitLab upload | cs-uri-stem|endswith = /uploads/user | cs-method = POST
Jenkins script | {_Q} = /descriptorbyname/, /scripttext
Weblogic console | {_Q} = /console/css/%252e, /wls-wsat/, /_async/asyncresponse
Tomcat manager | cs-uri-stem|contains = /manager/html, /host-manager/
Tomcat put | cs-method = PUT | cs-uri-stem|contains = .jsp
JBoss | cs-uri-stem|contains = /jmx-console/, /web-console/invoker, /invoker/jmxinvokerservlet
Coldfusion | cs-uri-stem|contains = /cfide/administrator, /cfide/adminapi
Drupal | {_Q} = name[%23post_render], element_parents=account
WordPress users | {_Q} = /wp-json/wp/v2/users, author=1
WordPress file manager | {_Q} = /wp-content/plugins/wp-file-manager/lib
WordPress login | cs-method = POST | cs-uri-stem|endswith = /wp-login.php, /xmlrpc.php
PHPUnit | cs-uri-stem|endswith = /eval-stdin.php
Laravel env | cs-uri-stem|endswith = /.env, /.env.bak
Git folder | cs-uri-stem|contains = /.git/, /.svn/, /.hg/store
Backup files | cs-uri-stem|endswith = .bak, .sql.gz, .old, web.config.txt
Key files | cs-uri-stem|endswith = .pem, .pfx, id_rsa, .kdbx
Actuator | cs-uri-stem|contains = /actuator/env, /actuator/heapdump, /jolokia/
Kibana | {_Q} = /api/console/api_server
Solr | {_Q} = /solr/admin/cores, stream.file=, dataimport?
Elastic script | {_Q} = /_search?source=, script_fields
Hadoop yarn | cs-uri-stem|contains = /ws/v1/cluster/apps/new
Docker api | cs-uri-stem|contains = /containers/create, /v1.24/images
Router command | {_Q} = /gponform/diag_form, /setup.cgi?next_file, /boaform/
Netgear | {_Q} = currentsetting.htm
DVR | {_Q} = /shell?cd, cgi-bin/nobody
HNAP | cs-uri-stem|endswith = /hnap1, /hnap1/
Webshell china chopper | {_Q} = z0=, z1=, &z2= | cs-method = POST
Webshell names one | cs-uri-stem|endswith = /c99.php, /r57.php, /b374k.php, /wso.php, /alfa.php
Webshell names two | cs-uri-stem|endswith = /cmdasp.aspx, /aspxspy.aspx, /tunnel.aspx, /regeorg.aspx
Webshell names three | cs-uri-stem|endswith = /supp0rt.aspx, /outlooken.aspx, /httpproxy.aspx, /iistart.aspx
Tunnel query | {_Q} = cmd=connect&target, cmd=forward, cmd=disconnect
Webshell commands | {_Q} = cmd=whoami, cmd=dir, exec=whoami, command=net+, c=whoami
Download of tools | cs-uri-stem|endswith = /mimikatz.exe, /psexec.exe, /procdump64.exe, /lazagne.exe
Script download | cs-uri-stem|endswith = .ps1, .bat, .vbs, .hta | sc-status = 200
Large archive in web root | cs-uri-stem|contains = /aspnet_client/, /owa/auth/ | cs-uri-stem|endswith = .zip, .rar, .7z
Source status mismatch | sc-status = 500 | cs-method = POST | cs-uri-stem|contains = /ecp/proxylogon
Method track | cs-method = TRACK, TRACE, DEBUG
Method webdav | cs-method = PROPFIND, SEARCH, MKCOL | cs-uri-stem|contains = /public/
Double encode | {_Q} = %252e%252e, %255c, %252f%252f
Null byte | {_Q} = %00.jpg, %00.png, %2500
Unicode slash | {_Q} = %c0%af, %c1%9c, %u2215
Alternate stream | cs-uri-stem|contains = ::$data, :$i30
Long header probe | {_UA} = aaaaaaaaaaaaaaaaaaaaaaaa
Machine key theft | {_Q} = __viewstategenerator=, __viewstate=ddw | cs-method = GET
Oab virtual directory page | cs-uri-stem|endswith = /ddiservice.svc/setobject | {_Q} = schema=oabvirtualdirectory
Reset virtual directory | {_Q} = schema=resetoabvirtualdirectory
Tilde short name | cs-uri-stem|re = ~[0-9]\\*
Script in odd folder | cs-uri-stem|re = /(?:temp|tmp|cache)/[a-z0-9]{{{{8}}}}\\.aspx$
"""


def _selection(text: str) -> tuple[str, object]:
    field, _, values = text.strip().removeprefix("!").partition(" = ")
    options = [value.strip().strip("'") for value in values.split(", ")] if "|re" not in field else [values.strip()]
    return field.strip(), options if len(options) > 1 else options[0]


def sigma_rules() -> list[str]:
    """One YAML document a rule."""
    documents: list[str] = []
    for line in filter(None, map(str.strip, _TABLE.splitlines())):
        line = line.replace("{{", "{").replace("}}", "}")
        title, *parts = line.split(" | ")
        detection: dict[str, object] = {}
        for number, part in enumerate(parts):
            field, values = _selection(part)
            detection[f"{'filter' if part.strip().startswith('!') else 'selection'}_{number}"] = {field: values}
        filters = any(name.startswith("filter") for name in detection)
        detection["condition"] = "all of selection_*" + (" and not 1 of filter_*" if filters else "")
        rule = {
            "title": title,
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"waspglass-bench:{title}")),
            "status": "test",
            "logsource": {"category": "webserver"},
            "detection": detection,
            "level": "medium",
        }
        documents.append(yaml.safe_dump(rule, sort_keys=False, allow_unicode=True))
    return documents
