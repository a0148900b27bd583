"""Who writes events: the names that Windows shows for some of them, and the logs of those that write to one only."""

from __future__ import annotations

__all__ = ["LOG_OF", "provider_name"]

LOG_OF = {
    "MSExchange CmdletLogs": "MSExchange Management",
    "MSExchange Control Panel": "Application",
    "MSExchange Unified Messaging": "Application",
    "Microsoft-Windows-PowerShell": "Microsoft-Windows-PowerShell/Operational",
    "Microsoft-Windows-Security-Auditing": "Security",
    "Microsoft-Windows-Sysmon": "Microsoft-Windows-Sysmon/Operational",
    "Microsoft-Windows-TaskScheduler": "Microsoft-Windows-TaskScheduler/Operational",
    "Microsoft-Windows-Windows Defender": "Microsoft-Windows-Windows Defender/Operational",
    "PowerShell": "Windows PowerShell",
    "PowerShellCore": "PowerShellCore/Operational",
    "Service Control Manager": "System",
}
"""Provider -> log; the Event Viewer and `Get-EventLog` do not name it."""
_SHOWN = {
    "Microsoft Windows security auditing.": "Microsoft-Windows-Security-Auditing",
    "Microsoft-Windows-Service Control Manager": "Service Control Manager",
    "Sysmon": "Microsoft-Windows-Sysmon",
    "TaskScheduler": "Microsoft-Windows-TaskScheduler",
    "Windows Defender": "Microsoft-Windows-Windows Defender",
}
"""The first two by Splunk's agent (as in splunk/attack_data), the others by the Event Viewer."""


def provider_name(shown: str) -> str:
    """The name that stands in the event, by the one that Windows shows; most have only one."""
    return _SHOWN.get(shown, shown)
