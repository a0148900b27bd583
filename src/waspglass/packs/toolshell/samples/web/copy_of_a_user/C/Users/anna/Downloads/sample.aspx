<%-- INERT SAMPLE for a detection rule: words only, does not compile. --%>
<% MachineKeySection GetApplicationConfig( ; ValidationKey ; DecryptionKey ; Response.Write(
