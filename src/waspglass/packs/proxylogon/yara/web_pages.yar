/*
  Pages of intruders below a web root. Patterns are written with one-letter classes, so that virus scanners do not take
  this file for what it describes.

  A page may be saved as UTF-16 and runs as well so; one that is padded, or is a mailbox file with script in it, is larger
  than pages usually are.

  Each rule says in `meta` what a match proves (rung, effect) and names samples it must match and must not match.
*/

rule proxylogon_oab_page_with_script
{
    meta:
        title = "Settings of the address book directory with server-side script, written as a page"
        description = "The reset of the directory writes its settings to a file; with script in a URL the file is a web shell"
        author = "waspglass"
        reference = "https://proxylogon.com/"
        cve = "CVE-2021-27065"
        technique = "T1505.003"
        rung = "implanted"
        effect = "shows"
        fires = "samples/web/oab_page"
        silent = "samples/web/oab_export_clean"
    strings:
        $setting_1 = "ExternalUrl" nocase ascii wide
        $setting_2 = "InternalUrl" nocase ascii wide
        $setting_3 = "OfflineAddressBooks" nocase ascii wide
        $setting_4 = "PollInterval" nocase ascii wide
        $script_1 = /<scr[i]pt[^>]{0,120}run[a]t\s{0,4}=/ nocase ascii wide
        $script_2 = /Url\s{0,40}:\s{0,4}http[^\r\n]{0,80}<%/ nocase ascii wide
        // Nothing else writes script into such a line, so one setting is enough: pages are found cut, and changed.
        $url = /ternalUrl\s{0,40}:\s{0,4}http[^\r\n]{0,80}<scr[i]pt[^>\r\n]{0,120}run[a]t\s{0,4}=/ nocase ascii wide
    condition:
        filesize < 4MB and ($url or (2 of ($setting_*) and any of ($script_*)))
}

rule web_page_evaluates_request
{
    meta:
        title = "Page that runs what a request sends"
        description = "JScript evaluation of a request's field: the one-line web shell of most groups of 2021"
        author = "waspglass"
        reference = "https://www.microsoft.com/en-us/security/blog/2021/03/02/hafnium-targeting-exchange-servers/"
        technique = "T1505.003"
        rung = "implanted"
        effect = "shows"
        fires = "samples/web/eval_page samples/web/eval_page_packed samples/web/eval_page_basic"
        silent = "samples/web/harmless_pages"
    strings:
        $server_1 = /<%@?\s/ ascii wide
        $server_2 = /run[a]t\s{0,4}=\s{0,4}["']?serv[e]r/ nocase ascii wide
        $direct = /\bev[a]l\s{0,8}\(\s{0,8}(System\.Text\.[^;]{1,120})?Req[u]est\s{0,4}(\[|\(|\.\s{0,4}(Item|Form|QueryString|Params|Headers|Cookies|ServerVariables))/ nocase ascii wide
        $tag = "<%"
        $basic = /[^.\w](ex[e]cute(global)?|ev[a]l)[\s(]{1,8}Req[u]est\s{0,4}([\[(]\s{0,4}(["']|chr[bw]?\s{0,4}\()|\.\s{0,4}(Item|Form|QueryString|Params|Headers|Cookies|ServerVariables)\s{0,4}[\[(])/ nocase ascii wide
        $packed = /\bev[a]l\s{0,8}\(\s{0,8}System\.Text\.[^;]{1,120}FromB[a]se64String[^;]{1,4000}["']\s{0,4}\+?\s{0,4}["']?(un)?s[a]fe["']/ nocase ascii wide
        $coded = /\bev[a]l\s{0,8}\([^;\r\n]{1,300}Req[u]est[^;\r\n]{1,300}["']\s{0,4}\+?\s{0,4}["']?(un)?s[a]fe["']/ nocase ascii wide
    condition:
        filesize < 4MB and (any of ($server_*) or $tag at 0) and ($direct or $coded or $basic or $packed)
}

rule web_page_writes_request_to_file
{
    meta:
        title = "Page that writes what a request sends to a file"
        description = "Uploader that was planted through the address book directory (CSS-Exchange issue 427)"
        author = "waspglass"
        reference = "https://github.com/microsoft/CSS-Exchange/issues/427"
        technique = "T1505.003"
        rung = "implanted"
        effect = "shows"
        fires = "samples/web/upload_page"
        silent = "samples/web/harmless_pages"
    strings:
        $server_1 = /<%@?\s/ ascii wide
        $server_2 = /run[a]t\s{0,4}=\s{0,4}["']?serv[e]r/ nocase ascii wide
        $write_1 = /StreamWr[i]ter\s{0,4}\(\s{0,4}Req[u]est\s{0,4}(\[|\(|\.\s{0,4}(Item|Form|QueryString|Params|Headers|Cookies)\s{0,4}[\[(])/ nocase ascii wide
        $write_2 = /WriteAll(Text|Bytes)\s{0,4}\(\s{0,4}Req[u]est\s{0,4}(\[|\(|\.\s{0,4}(Item|Form|QueryString|Params|Headers|Cookies)\s{0,4}[\[(])/ nocase ascii wide
        $write_3 = /\.S[a]veAs\s{0,4}\(\s{0,4}Req[u]est\s{0,4}(\[|\(|\.\s{0,4}(Item|Form|QueryString|Params|Headers|Cookies)\s{0,4}[\[(])/ nocase ascii wide
    condition:
        filesize < 4MB and any of ($server_*) and any of ($write_*)
}

rule web_page_loads_assembly_from_request
{
    meta:
        title = "Page that loads and runs a program that a request sends"
        description = "Shape of encrypted web shells: the request's body is decoded, loaded as an assembly and started"
        author = "waspglass"
        reference = "https://www.microsoft.com/en-us/security/blog/2021/03/25/analyzing-attacks-taking-advantage-of-the-exchange-server-vulnerabilities/"
        technique = "T1505.003"
        rung = "implanted"
        effect = "shows"
        fires = "samples/web/loader_page"
        silent = "samples/web/harmless_pages"
    strings:
        $server_1 = /<%@?\s/ ascii wide
        $server_2 = /run[a]t\s{0,4}=\s{0,4}["']?serv[e]r/ nocase ascii wide
        $load = /Ass[e]mbly\b[^;]{0,200}\bLo[a]d\b/ nocase ascii wide
        $body_1 = /Req[u]est\s{0,4}\.\s{0,4}BinaryRe[a]d/ nocase ascii wide
        $body_2 = /FromBase64String\s{0,4}\(\s{0,4}(HttpContext\.Curr[e]nt\.|Context\.|this\.)?Req[u]est\b/ nocase ascii wide
        $start = /CreateInst[a]nce|GetMethod|\.Inv[o]ke/ nocase ascii wide
    condition:
        filesize < 4MB and any of ($server_*) and $load and any of ($body_*) and $start
}

rule web_page_starts_programs
{
    meta:
        title = "Page that can run programs or code with text from a request"
        description = "Starts programs, runs or compiles code, and reads requests; some products' own pages do so too, so a person should look"
        author = "waspglass"
        reference = "https://www.microsoft.com/en-us/security/blog/2021/03/25/analyzing-attacks-taking-advantage-of-the-exchange-server-vulnerabilities/"
        technique = "T1505.003"
        rung = "implanted"
        effect = "hint"
        fires = "samples/web/starter_page"
        silent = "samples/web/harmless_pages"
    strings:
        $server_1 = /<%@?\s/ ascii wide
        $server_2 = /run[a]t\s{0,4}=\s{0,4}["']?serv[e]r/ nocase ascii wide
        $start_1 = /Proc[e]ss(StartInfo|\.St[a]rt)/ nocase ascii wide
        $start_2 = /WScript\.Sh[e]ll/ nocase ascii wide
        $start_3 = /new\s{1,4}(System\.Diagnostics\.)?Proc[e]ss\s{0,4}\(/ nocase ascii wide
        $start_4 = /Win32_Proc[e]ss\b/ nocase ascii wide
        $start_5 = /Cre[a]teRunspace|\bAddScr[i]pt\s{0,4}\(/ nocase ascii wide
        $start_6 = /Comp[i]leAssemblyFrom(Source|File|Dom)/ nocase ascii wide
        $start_7 = /XsltS[e]ttings\s{0,4}\.\s{0,4}Trust[e]dXslt/ nocase ascii wide
        $start_8 = /(ObjectStateForm[a]tter|BinaryForm[a]tter|LosForm[a]tter|NetDataContractSerial[i]zer)\b[^;]{0,80}\.\s{0,4}Deserial[i]ze\b/ nocase ascii wide
        $start_9 = /\bev[a]l\s{0,8}\(/ nocase ascii wide
        // Of the server: browsers' own scripts name the language, too.
        $jscript = /<(%@|scr[i]pt\b[^>]{0,120}run[a]t)[^>]{0,200}Langu[a]ge\s{0,4}=\s{0,4}["']?J(ava)?Script/ nocase ascii wide
        $jscript_first = /<scr[i]pt\b[^>]{0,120}Langu[a]ge\s{0,4}=\s{0,4}["']?J(ava)?Script[^>]{0,120}run[a]t/ nocase ascii wide
        $request = /\bReq[u]est\b/ nocase ascii wide
    condition:
        filesize < 4MB and any of ($server_*) and $request
        and (any of ($start_1, $start_2, $start_3, $start_4, $start_5, $start_6, $start_7, $start_8)
        or ($start_9 and any of ($jscript*)))
}

rule web_configuration_holds_script
{
    meta:
        title = "Settings of a web folder that are a page themselves"
        description = "A web.config that has settings run as a page and holds server-side script: a web shell in one file"
        author = "waspglass"
        reference = "https://learn.microsoft.com/en-us/iis/configuration/system.webserver/handlers/"
        technique = "T1505.003"
        rung = "implanted"
        effect = "shows"
        fires = "samples/web/config_page"
        silent = "samples/web/config_plain"
    strings:
        $settings = /<conf[i]guration\b/ nocase ascii wide
        $runs_1 = /p[a]th\s{0,4}=\s{0,4}["']\*?[^"'\s]{0,40}\.c[o]nfig["'][^>]{0,300}(scriptProc[e]ssor|HandlerFact[o]ry)/ nocase ascii wide
        $runs_2 = /(scriptProc[e]ssor|HandlerFact[o]ry)[^>]{0,300}p[a]th\s{0,4}=\s{0,4}["']\*?[^"'\s]{0,40}\.c[o]nfig["']/ nocase ascii wide
        $runs_3 = /ext[e]nsion\s{0,4}=\s{0,4}["']\.c[o]nfig["'][^>]{0,200}PageBuildProv[i]der/ nocase ascii wide
        $script = /<%[@=\s]/ ascii wide
        $request = /\bReq[u]est\b/ nocase ascii wide
    condition:
        filesize < 4MB and $settings and any of ($runs_*) and $script and $request
}

rule web_page_relays_connections
{
    meta:
        title = "Page that passes network connections on"
        description = "Tunnel in the shape of reGeorg and its successors: commands and targets come in headers of requests, bytes go out over a socket"
        author = "waspglass"
        reference = "https://www.volexity.com/blog/2021/03/02/active-exploitation-of-microsoft-exchange-zero-day-vulnerabilities/"
        technique = "T1572"
        rung = "implanted"
        effect = "shows"
        fires = "samples/web/tunnel_page"
        silent = "samples/web/harmless_pages"
    strings:
        $server_1 = /<%@?\s/ ascii wide
        $server_2 = /run[a]t\s{0,4}=\s{0,4}["']?serv[e]r/ nocase ascii wide
        $socket = /new\s{1,4}(System\.Net\.Sockets\.)?S[o]cket\s{0,4}\(/ nocase ascii wide
        $headers = /Req[u]est\s{0,4}\.\s{0,4}Head[e]rs\s{0,4}(\.\s{0,4}Get\s{0,4}\(|\[)/ nocase ascii wide
        // A connection kept between requests, or hidden commands; pages of owners that try a port, and keep something else, do neither.
        $kept = /\(\s{0,4}(System\.Net\.Sockets\.)?S[o]cket\s{0,4}\)\s{0,4}((this|Context|HttpContext\.Curr[e]nt)\.)?(Session|Application)\s{0,4}[\[(]/ nocase ascii wide
        $hidden = /\bStrTr\s{0,4}\(|["']X-(C[M]D|TARG[E]T|STAT[U]S)["']/ nocase ascii wide
    condition:
        filesize < 4MB and any of ($server_*) and $socket and $headers
        and ($kept or $hidden or filepath matches /\\(FrontEnd\\HttpProxy|ClientAccess|aspnet_client)(\\|$)/i)
}

// The shape; the rules after it say what it means where.
private rule uploader
{
    strings:
        $server_1 = /<%@?\s/ ascii wide
        $server_2 = /run[a]t\s{0,4}=\s{0,4}["']?serv[e]r/ nocase ascii wide
        $files = /Req[u]est\s{0,4}\.\s{0,4}F[i]les\b/ nocase ascii wide
        $save = /\.\s{0,4}S[a]veAs\s{0,4}\(/ nocase ascii wide
        $text = /WriteAll(Text|Bytes)\s{0,4}\([^;]{1,200}Req[u]est\s{0,4}(\.\s{0,4}(Form|Item|Params|QueryString)\s{0,4})?[\[(]/ nocase ascii wide
    condition:
        filesize < 4MB and any of ($server_*) and (($files and $save) or $text)
}

rule web_page_keeps_uploads
{
    meta:
        title = "Page among those of Exchange that keeps what is uploaded"
        description = "Exchange has no such page; a server-side script there that saves files or text of a request is an uploader, such as SIMPLESEESHARP"
        author = "waspglass"
        reference = "https://www.volexity.com/blog/2021/03/02/active-exploitation-of-microsoft-exchange-zero-day-vulnerabilities/"
        technique = "T1505.003"
        rung = "implanted"
        effect = "shows"
        fires = "samples/web/keeps_uploads"
        silent = "samples/web/harmless_pages samples/web/keeps_uploads_elsewhere"
    condition:
        uploader and filepath matches /\\(FrontEnd\\HttpProxy|ClientAccess|aspnet_client)(\\|$)/i
}

rule web_page_keeps_uploads_elsewhere
{
    meta:
        title = "Page that keeps what is uploaded"
        description = "Forms of an owner do so, and so do uploaders of intruders: look who may call the page, and what it does with names"
        author = "waspglass"
        reference = "https://www.volexity.com/blog/2021/03/02/active-exploitation-of-microsoft-exchange-zero-day-vulnerabilities/"
        technique = "T1505.003"
        rung = "implanted"
        effect = "hint"
        fires = "samples/web/keeps_uploads_elsewhere"
        silent = "samples/web/harmless_pages samples/web/keeps_uploads"
    condition:
        uploader and not filepath matches /\\(FrontEnd\\HttpProxy|ClientAccess|aspnet_client)(\\|$)/i
}

rule web_page_asks_for_security_products
{
    meta:
        title = "Page that tells which security products are installed"
        description = "A page that was planted on Exchange servers in March 2021 before others (SecChecker): it looks for files of scanners and answers with numbers. Owners may ask so elsewhere, not among the pages of Exchange"
        author = "waspglass"
        reference = "https://www.microsoft.com/en-us/security/blog/2021/03/25/analyzing-attacks-taking-advantage-of-the-exchange-server-vulnerabilities/"
        technique = "T1518.001"
        rung = "implanted"
        effect = "shows"
        fires = "samples/web/security_check"
        silent = "samples/web/harmless_pages"
    strings:
        $exists = /F[i]le\s{0,4}\.\s{0,4}Ex[i]sts\s{0,4}\(\s{0,4}@?["'][a-z]:[^"']{1,200}(xagt|csfalconserv[i]ce|cbserver|mfetp|SentinelAgent)/ nocase ascii wide
        $answer = /Response\s{0,4}\.\s{0,4}Wr[i]te/ nocase ascii wide
        $tag = "<%"
    condition:
        filesize < 64KB and filepath matches /\\(FrontEnd\\HttpProxy|ClientAccess|aspnet_client)(\\|$)/i
        and $tag and $exists and $answer
}

rule logon_script_sends_password
{
    meta:
        title = "Script of the logon page that sends what users type"
        description = "The logon script of Outlook on the web sends nothing by itself; intruders had it pass on names and passwords"
        author = "waspglass"
        reference = "https://global.ptsecurity.com/analytics/pt-esc-threat-intelligence/positive-technologies-detects-a-series-of-attacks-via-microsoft-exchange-server"
        technique = "T1056.003"
        rung = "implanted"
        effect = "hint"
        fires = "samples/web/logon_script_changed"
        silent = "samples/web/logon_script"
    strings:
        $logon = "clkLgn" ascii wide
        $password = /p[a]ssword/ nocase ascii wide
        $sends_1 = "XMLHttpRequest" ascii wide
        $sends_2 = "sendBeacon" ascii wide
        $sends_3 = /\bf[e]tch\s{0,4}\(/ ascii wide
        $sends_4 = /new\s{1,4}Im[a]ge\b/ ascii wide
    condition:
        filesize < 4MB and $logon and $password and any of ($sends_*)
}
