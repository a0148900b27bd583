/*
  Pages of intruders below SharePoint's web roots. Patterns are written with one-letter classes, so that virus scanners
  do not take this file for what it describes. Folders of users are no web roots: what lies there is a copy.
*/

rule sharepoint_page_tells_machine_keys
{
    meta:
        title = "Page that tells the machine keys"
        description = "Reads the keys with which SharePoint signs its state, and writes them into the answer"
        author = "waspglass"
        reference = "https://www.microsoft.com/en-us/security/blog/2025/07/22/disrupting-active-exploitation-of-on-premises-sharepoint-vulnerabilities/"
        cve = "CVE-2025-53770"
        technique = "T1552.004"
        rung = "implanted"
        effect = "shows"
        fires = "samples/web/key_reader"
        silent = "samples/web/harmless samples/web/copy_of_a_user"
    strings:
        $server = /<%@?\s|run[a]t\s{0,4}=\s{0,4}["']?serv[e]r/ nocase
        $section = /MachineK[e]ySection/ nocase
        $key_1 = /Validati[o]nKey/ nocase
        $key_2 = /Decrypti[o]nKey/ nocase
        $answer = /Response\s{0,4}\.\s{0,4}Wr[i]te/ nocase
    condition:
        filesize < 256KB and not filepath matches /^([a-z]:)?\\?users(\\|$)/i
        and $server and $section and any of ($key_*) and $answer
}

rule sharepoint_page_tells_machine_keys_copy
{
    meta:
        title = "Copy of a page that tells the machine keys, in the folder of a user"
        description = "A sample of an investigation, or something that an intruder keeps there; no web server serves it"
        author = "waspglass"
        reference = "https://www.microsoft.com/en-us/security/blog/2025/07/22/disrupting-active-exploitation-of-on-premises-sharepoint-vulnerabilities/"
        cve = "CVE-2025-53770"
        technique = "T1552.004"
        rung = "implanted"
        effect = "hint"
        fires = "samples/web/copy_of_a_user"
        silent = "samples/web/harmless samples/web/key_reader"
    strings:
        $section = /MachineK[e]ySection/ nocase
        $key_1 = /Validati[o]nKey/ nocase
        $key_2 = /Decrypti[o]nKey/ nocase
        $answer = /Response\s{0,4}\.\s{0,4}Wr[i]te/ nocase
    condition:
        filesize < 256KB and filepath matches /^([a-z]:)?\\?users(\\|$)/i and $section and any of ($key_*) and $answer
}

rule sharepoint_machine_keys_in_served_file
{
    meta:
        title = "Machine keys in a file that the web server gives to everybody"
        description = "The intruders wrote the keys of web.config files into a script below LAYOUTS (debug_dev.js) and fetched it"
        author = "waspglass"
        reference = "https://www.microsoft.com/en-us/security/blog/2025/07/22/disrupting-active-exploitation-of-on-premises-sharepoint-vulnerabilities/ ; https://attack.mitre.org/campaigns/C0058/ (T1119, T1552.001)"
        cve = "CVE-2025-53770"
        technique = "T1552.001"
        rung = "implanted"
        effect = "shows"
        fires = "samples/web/keys_in_text"
        silent = "samples/web/harmless samples/web/key_reader samples/web/copy_of_a_user"
    strings:
        // As in web.config. Programs that make new keys keep such values in variables.
        $key = /[\s<](validati[o]n|decrypti[o]n)Key=["'][0-9A-F]{32,128}["']/ nocase
    condition:
        filesize < 4MB and filepath matches /(\\template\\layouts|\\inetpub\\wwwroot)(\\|$)/i
        and extension matches /^\.(js|css|txt|htm|html|aspx|ashx|asmx|ascx)$/ and $key
}

// The shapes; the rules after it say what they mean where.
private rule web_shell
{
    strings:
        $server_1 = /<%@?\s/ ascii wide
        $server_2 = /run[a]t\s{0,4}=\s{0,4}["']?serv[e]r/ nocase ascii wide
        $direct = /\bev[a]l\s{0,8}\(\s{0,8}(System\.Text\.[^;]{1,120})?Req[u]est\s{0,4}(\[|\(|\.\s{0,4}(Item|Form|QueryString|Params|Headers|Cookies|ServerVariables))/ nocase ascii wide
        $basic = /[^.\w](ex[e]cute(global)?|ev[a]l)[\s(]{1,8}Req[u]est\s{0,4}([\[(]\s{0,4}(["']|chr[bw]?\s{0,4}\()|\.\s{0,4}(Item|Form|QueryString|Params|Headers|Cookies|ServerVariables)\s{0,4}[\[(])/ nocase ascii wide
        $packed = /\bev[a]l\s{0,8}\(\s{0,8}System\.Text\.[^;]{1,120}FromB[a]se64String[^;]{1,4000}["']\s{0,4}\+?\s{0,4}["']?(un)?s[a]fe["']/ nocase ascii wide
        $coded = /\bev[a]l\s{0,8}\([^;\r\n]{1,300}Req[u]est[^;\r\n]{1,300}["']\s{0,4}\+?\s{0,4}["']?(un)?s[a]fe["']/ nocase ascii wide
        $write_1 = /StreamWr[i]ter\s{0,4}\(\s{0,4}Req[u]est\s{0,4}(\[|\(|\.\s{0,4}(Item|Form|QueryString|Params|Headers|Cookies)\s{0,4}[\[(])/ nocase ascii wide
        $write_2 = /WriteAll(Text|Bytes)\s{0,4}\(\s{0,4}Req[u]est\s{0,4}(\[|\(|\.\s{0,4}(Item|Form|QueryString|Params|Headers|Cookies)\s{0,4}[\[(])/ nocase ascii wide
        $write_3 = /\.S[a]veAs\s{0,4}\(\s{0,4}Req[u]est\s{0,4}(\[|\(|\.\s{0,4}(Item|Form|QueryString|Params|Headers|Cookies)\s{0,4}[\[(])/ nocase ascii wide
        $load = /Ass[e]mbly\b[^;]{0,200}\bLo[a]d\b/ nocase ascii wide
        $body_1 = /Req[u]est\s{0,4}\.\s{0,4}BinaryRe[a]d/ nocase ascii wide
        $body_2 = /FromBase64String\s{0,4}\(\s{0,4}(HttpContext\.Curr[e]nt\.|Context\.|this\.)?Req[u]est\b/ nocase ascii wide
        $start = /CreateInst[a]nce|GetMethod|\.Inv[o]ke/ nocase ascii wide
        $socket = /new\s{1,4}(System\.Net\.Sockets\.)?S[o]cket\s{0,4}\(/ nocase ascii wide
        $headers = /Req[u]est\s{0,4}\.\s{0,4}Head[e]rs\s{0,4}(\.\s{0,4}Get\s{0,4}\(|\[)/ nocase ascii wide
        $kept = /\(\s{0,4}(System\.Net\.Sockets\.)?S[o]cket\s{0,4}\)\s{0,4}((this|Context|HttpContext\.Curr[e]nt)\.)?(Session|Application)\s{0,4}[\[(]/ nocase ascii wide
        $hidden = /\bStrTr\s{0,4}\(|["']X-(C[M]D|TARG[E]T|STAT[U]S)["']/ nocase ascii wide
        $tag = "<%"
    condition:
        filesize < 4MB and (any of ($server_*) or $tag at 0)
        and ($direct or $basic or $packed or $coded or any of ($write_*)
        or ($load and any of ($body_*) and $start) or ($socket and $headers and ($kept or $hidden)))
}

rule sharepoint_page_runs_requests
{
    meta:
        title = "Page that runs, stores or passes on what a request sends"
        description = "Shapes of common web shells: evaluation of a field, an assembly from the body, a file from a field, a tunnel"
        author = "waspglass"
        reference = "https://www.microsoft.com/en-us/security/blog/2025/07/22/disrupting-active-exploitation-of-on-premises-sharepoint-vulnerabilities/"
        technique = "T1505.003"
        rung = "implanted"
        effect = "shows"
        fires = "samples/web/runs_requests"
        silent = "samples/web/harmless samples/web/runs_requests_elsewhere"
    condition:
        web_shell and filepath matches /(\\template\\layouts|\\inetpub\\wwwroot)(\\|$)/i
}

rule sharepoint_page_runs_requests_elsewhere
{
    meta:
        title = "Page that runs, stores or passes on what a request sends, outside of the web roots"
        description = "A sample of an investigation, or something that an intruder keeps there"
        author = "waspglass"
        reference = "https://www.microsoft.com/en-us/security/blog/2025/07/22/disrupting-active-exploitation-of-on-premises-sharepoint-vulnerabilities/"
        technique = "T1505.003"
        rung = "implanted"
        effect = "hint"
        fires = "samples/web/runs_requests_elsewhere"
        silent = "samples/web/harmless samples/web/runs_requests"
    condition:
        web_shell and not filepath matches /(\\template\\layouts|\\inetpub\\wwwroot)(\\|$)/i
}

rule sharepoint_page_may_run_programs
{
    meta:
        title = "Page that can run programs or code, and reads requests"
        description = "Starts programs, runs or compiles code, or builds objects out of text; solutions may do so, so a person should look"
        author = "waspglass"
        reference = "https://www.microsoft.com/en-us/security/blog/2025/07/22/disrupting-active-exploitation-of-on-premises-sharepoint-vulnerabilities/"
        technique = "T1505.003"
        rung = "implanted"
        effect = "hint"
        fires = "samples/web/may_run_programs"
        silent = "samples/web/harmless"
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
        $request = /\bReq[u]est\b/ nocase ascii wide
    condition:
        filesize < 4MB and any of ($server_*) and any of ($start_*) and $request
}
