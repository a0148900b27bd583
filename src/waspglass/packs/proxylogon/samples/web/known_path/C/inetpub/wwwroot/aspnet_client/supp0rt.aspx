<%-- SAMPLE: harmless text at a known path. --%>
