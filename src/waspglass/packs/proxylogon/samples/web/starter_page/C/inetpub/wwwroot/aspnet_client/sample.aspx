<%-- INERT SAMPLE for a detection rule: words only, does not compile. --%>
<% Process.Start( ; Request