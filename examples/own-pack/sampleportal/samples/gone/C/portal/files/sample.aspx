<%-- SAMPLE: no code --%><script runat="server"></script>
