<%@ Page Language="C#" %>
<% /* INERT SAMPLE: cut off */ HttpPostedFile one = Request.Files[0]; one.SaveAs( %>
