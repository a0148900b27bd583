# INERT SAMPLE for a detection rule: shortened, holds no code.
Name                            : OAB (Default Web Site)
PollInterval                    : 480
OfflineAddressBooks             :
RequireSSL                      : True
Path                            : C:\Program Files\Microsoft\Exchange Server\V15\FrontEnd\HttpProxy\OAB
Server                          : MX01
InternalUrl                     : https://mx01.example.org/OAB
ExternalUrl                     : http://f/<script language="JScript" runat="server">/* inert sample, no code */</script>
