<%/* INERT SAMPLE */ if(System.IO.File.Exists("c:\\sample\\xagt.exe")){Response.Write("0"); %>
