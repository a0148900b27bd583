<%-- INERT SAMPLE for a detection rule: cut off in the middle, does not compile. --%>
<script runat="server">void Page_Load(){ new StreamWriter ( Request.Form[