/*
  Pages of intruders below SharePoint's web roots. Patterns are written with one-letter classes, so that virus scanners
  do not take this file for what it describes.
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
        silent = "samples/web/harmless"
    strings:
        $server = /<%@?\s|run[a]t\s{0,4}=\s{0,4}["']?serv[e]r/ nocase
        $section = /MachineK[e]ySection/ nocase
        $key_1 = /Validati[o]nKey/ nocase
        $key_2 = /Decrypti[o]nKey/ nocase
        $answer = /Response\s{0,4}\.\s{0,4}Wr[i]te/ nocase
    condition:
        filesize < 256KB and $server and $section and any of ($key_*) and $answer
}
