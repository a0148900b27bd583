<%-- INERT SAMPLE: a name only. --%>
