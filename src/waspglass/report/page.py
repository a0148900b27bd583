"""The engine of all HTML pages: what a template prints is made visible and escaped, and a policy lets nothing load."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from waspglass.report.visible import visible

__all__ = ["asset", "page_environment", "policy_digest"]


def page_environment(show: Callable[[str], str] = visible) -> Environment:
    """The environment of the templates in `templates/`.

    Args:
        show: Runs over every string that a template prints, before the escaping: no template can forget it.
    """

    def finalize(value: object) -> object:
        return show(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    return Environment(
        loader=FunctionLoader(asset),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def asset(name: str) -> str:
    """The text of a file in `templates/`."""
    return files("waspglass.report").joinpath("templates", name).read_text(encoding="utf-8")


def policy_digest(text: str) -> str:
    """SHA-256 in base64, as a content security policy names the styles and scripts that it allows."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
