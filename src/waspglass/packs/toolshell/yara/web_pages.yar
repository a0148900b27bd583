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
        $key = /(validati[o]n|decrypti[o]n)Key\s{0,4}=\s{0,4}["'][0-9A-F]{32,128}["']/ nocase
    condition:
        filesize < 4MB and filepath matches /(\\template\\layouts|\\inetpub\\wwwroot)(\\|$)/i
        and extension matches /^\.(js|css|txt|htm|html|aspx|ashx|asmx|ascx)$/ and $key
}
