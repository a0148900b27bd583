"""Renderers of result documents, one module a format; they read nothing but the document."""
