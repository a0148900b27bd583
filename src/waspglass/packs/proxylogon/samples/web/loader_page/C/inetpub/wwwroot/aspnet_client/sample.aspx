<%-- INERT SAMPLE for a detection rule: words only, does not compile. --%>
<% Request.BinaryRead( ; Assembly Load( ; CreateInstance(