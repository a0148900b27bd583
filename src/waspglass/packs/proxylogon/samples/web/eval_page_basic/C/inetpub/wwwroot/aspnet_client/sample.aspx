<% execute request("sample" ' INERT SAMPLE, cut off %>
