<%@ Page Language="C#" %>
<%-- SAMPLE, harmless: ordinary code of owners that reads like the work of intruders. Does not compile. --%>
<script runat="server">
// Execute request (with retry), then execute request [async].
void Keep() {
  FileUpload1.SaveAs(Request.PhysicalApplicationPath + "uploads/" + FileUpload1.FileName);
  using (var log = new System.IO.StreamWriter(Request.PhysicalApplicationPath + "log.txt")) { log.Write("x"); }
  System.IO.File.WriteAllText(Request.MapPath("~/state.txt"), "x");
}
void Probe() {
  var agent = Request.Headers["User-Agent"];
  var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
  Session["last"] = DateTime.Now;
  if (System.IO.File.Exists(@"C:\Program Files\CrowdStrike\CSFalconService.exe")) { Response.Write("ok"); }
}
</script>
<script language="JavaScript">var given = eval("(" + text + ")");</script>
