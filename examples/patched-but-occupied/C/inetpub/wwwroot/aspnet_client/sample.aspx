Name                            : OAB (Default Web Site)
PollInterval                    : 480
ExternalUrl                     : http://f/<script language="JScript" runat="server">/* inert sample: body removed */</script>
Path                            : \\127.0.0.1\c$\inetpub\wwwroot\aspnet_client\sample.aspx
