<%-- INERT SAMPLE --%>
