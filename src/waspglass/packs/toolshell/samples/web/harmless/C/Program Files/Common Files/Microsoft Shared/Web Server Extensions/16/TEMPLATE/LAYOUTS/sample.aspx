<%@ Page Language="C#" %>
<%-- SAMPLE: a harmless page. --%>
<p><%= Request.Url.Host %></p>
