"""`applicationHost.config` and `web.config`: what IIS and ASP.NET were told to load, serve and rewrite.

One record a setting. Fields: `element` (`global_module`, `module`, `handler`, `application`, `virtual_directory`,
`rewrite_rule`, `isapi_filter`, `isapi_restriction`, `machine_key`, `compilation_assembly`, `logging`), `path` (the
file), `location` (the part of the server that it is for, where a `<location>` says so), and by element: `name`, `image`
(native module's file), `type` (managed type), `precondition`, `url` (path or pattern served), `verb`, `script`,
`modules`, `site`, `site_id`, `application`, `pool`, `physical_path`, `user`, `pattern`, `action`, `target`,
`conditions`, `allowed`, `switched_off` (nothing is logged), `selective` (what alone is logged). Keys of `machineKey`
are not repeated; `fixed` says that they are written into the file, where an intruder could have read them.

Source: Microsoft Learn, IIS configuration reference, `system.webServer` and `system.applicationHost`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from waspglass.evidence.artefact import Artefact, Place, Record, RecordReader, filled
from waspglass.evidence.readers.line_places import LinePlaces
from waspglass.evidence.readers.whole_file import read_whole
from waspglass.evidence.readers.xml_elements import XmlElement, xml_elements
from waspglass.model.document import format_instant

__all__ = ["IisConfigReader", "reader"]

_LIMIT = 32 * 1024 * 1024


def _renamed(names: Mapping[str, str]) -> Callable[[XmlElement], dict[str, str]]:
    """Takes attributes over under our names."""
    return lambda element: {ours: element.attributes.get(theirs, "") for ours, theirs in names.items()}


def _virtual_directory(element: XmlElement) -> dict[str, str]:
    application = next(element.around("application"), None)
    return {
        "url": element.attributes.get("path", ""),
        "physical_path": element.attributes.get("physicalPath", ""),
        "application": application.attributes.get("path", "") if application else "",
        "user": element.attributes.get("userName", ""),
    }


def _machine_key(element: XmlElement) -> dict[str, str]:
    key = element.attributes.get("validationKey", "AutoGenerate")
    return {"fixed": "false" if key.lower().startswith("autogenerate") else "true"}


def _logging(element: XmlElement) -> dict[str, str]:
    off = (
        "true" in element.attributes.get("dontLog", "").lower()
        or "false" in element.attributes.get("enabled", "").lower()
        or "file" not in element.attributes.get("logTargetW3C", "File").lower()  # told to Windows alone (ETW)
    )
    return {"switched_off": str(off).lower(), "selective": element.attributes.get("selectiveLogging", "")}


def _central_logging(element: XmlElement) -> dict[str, str]:
    """One log of all sites: the server has the element of each of its formats, and its mode says which one counts."""
    mode = element.parent.attributes.get("centralLogFileMode", "Site") if element.parent else "Site"
    counts = f"{mode}LogFile".lower() == element.name.lower()
    return _logging(element) if counts else {"switched_off": "false"}


_MODULE = _renamed({"name": "name", "type": "type", "precondition": "preCondition"})
_HANDLER = _renamed(
    {
        "name": "name",
        "url": "path",
        "verb": "verb",
        "type": "type",
        "modules": "modules",
        "script": "scriptProcessor",
        "precondition": "preCondition",
    }
)
_SETTINGS: dict[tuple[str, ...], tuple[str, Callable[[XmlElement], dict[str, str]]]] = {
    ("globalModules", "add"): (
        "global_module",
        _renamed({"name": "name", "image": "image", "precondition": "preCondition"}),
    ),
    ("modules", "add"): ("module", _MODULE),
    ("httpModules", "add"): ("module", _MODULE),
    ("handlers", "add"): ("handler", _HANDLER),
    ("httpHandlers", "add"): ("handler", _HANDLER),
    ("site", "application"): ("application", _renamed({"url": "path", "pool": "applicationPool"})),
    ("application", "virtualDirectory"): ("virtual_directory", _virtual_directory),
    ("isapiFilters", "filter"): ("isapi_filter", _renamed({"name": "name", "image": "path"})),
    ("isapiCgiRestriction", "add"): ("isapi_restriction", _renamed({"image": "path", "allowed": "allowed"})),
    ("system.web", "machineKey"): ("machine_key", _machine_key),
    ("system.webServer", "httpLogging"): ("logging", _logging),
    ("site", "logFile"): ("logging", _logging),
    ("siteDefaults", "logFile"): ("logging", _logging),
    ("log", "centralW3CLogFile"): ("logging", _central_logging),
    ("log", "centralBinaryLogFile"): ("logging", _central_logging),
    ("assemblies", "add"): ("compilation_assembly", _renamed({"name": "assembly"})),
}
_RULE_PARTS = frozenset({"match", "action", "add"})


class IisConfigReader(RecordReader):
    """`iis_config`."""

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record a setting, at its line; settings have no time of their own.

        Raises:
            EvidenceReadError: Where the file is damaged; the settings before stand.
        """
        path = artefact.file.path
        shared = {**artefact.attributes, "path": path}
        if artefact.file.modified is not None:
            shared["modified"] = format_instant(artefact.file.modified)
        rules: dict[int, dict[str, list[str]]] = {}
        places = LinePlaces()
        for element in xml_elements(read_whole(artefact, _LIMIT), path):
            fields = _setting(element, rules)
            if fields is not None:
                fields |= _where(element)
                yield places.at(element.line), None, shared | filled(fields)


reader = IisConfigReader


def _setting(element: XmlElement, rules: dict[int, dict[str, list[str]]]) -> dict[str, str] | None:
    """Our fields of an element that is a setting; parts of a rewrite rule are kept until the rule ends."""
    if element.name in _RULE_PARTS and (rule := next(element.around("rule"), None)) is not None:
        _note_rule_part(element, rules.setdefault(id(rule), {}))
        return None
    if element.path[-2:] in {("rules", "rule"), ("globalRules", "rule"), ("outboundRules", "rule")}:
        parts = {name: "\n".join(texts) for name, texts in rules.pop(id(element), {}).items()}
        return {"element": "rewrite_rule", "name": element.attributes.get("name", ""), **parts}
    if (known := _SETTINGS.get(element.path[-2:])) is None:
        return None
    return {"element": known[0], **known[1](element)}


def _note_rule_part(element: XmlElement, rule: dict[str, list[str]]) -> None:
    attributes = element.attributes
    if element.name == "match":
        rule["pattern"] = [attributes.get("url", attributes.get("pattern", ""))]
    elif element.name == "action":
        rule["action"] = [attributes.get("type", "")]
        rule["target"] = [attributes.get("url", attributes.get("value", ""))]
    elif element.parent is not None and element.parent.name == "conditions":
        condition = f"{attributes.get('input', '')} ~ {attributes.get('pattern', '')}"
        rule.setdefault("conditions", []).append(condition)


def _where(element: XmlElement) -> dict[str, str]:
    """The site and the location around a setting."""
    locations = [above.attributes.get("path", "") for above in element.around("location")]
    site = next(element.around("site"), None)
    of_site = site.attributes if site else {}
    return {
        "location": "/".join(reversed(locations)),
        "site": of_site.get("name", ""),
        "site_id": of_site.get("id", ""),
    }
