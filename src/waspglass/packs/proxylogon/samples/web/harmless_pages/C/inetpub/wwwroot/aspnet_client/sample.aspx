<%@ Page Language="C#" %>
<%-- SAMPLE: a harmless page. --%>
<form runat="server"><p><%= Server.HtmlEncode(Request.QueryString["name"]) %></p></form>
<script>var values = eval("(" + document.getElementById("json").value + ")");</script>
