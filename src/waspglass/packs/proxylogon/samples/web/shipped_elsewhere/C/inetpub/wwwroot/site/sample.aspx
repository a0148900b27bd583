<%-- SAMPLE: a page of another site. --%>
