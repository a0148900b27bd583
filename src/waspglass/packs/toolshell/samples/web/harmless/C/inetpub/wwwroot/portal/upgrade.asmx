<%@ WebService Language="C#" Class="Upgrade" %>
// The upgrade of a forum gives each installation keys of its own.
var oldValidationKey = "0000000000000000000000000000000000000000000000000000000000000000";
string decryptionKey = "000000000000000000000000000000000000000000000000";
