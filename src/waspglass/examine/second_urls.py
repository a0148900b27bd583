"""Folders that a web server serves under several URLs: one page there is one implant."""

from __future__ import annotations

from dataclasses import replace

from waspglass.examine.observations import Observations
from waspglass.model.finding import Effect
from waspglass.packs.pack import Pack

__all__ = ["under_first_urls"]


def under_first_urls(observations: Observations, pack: Pack) -> Observations:
    """The same observations, in which a page that answered under a further URL of its folder has the first one's name.

    Only an answer shows that this server serves the further URL. Without one, what is missed there says nothing of the
    page under the first.

    Args:
        observations: What the evidence said.
        pack: A folder that several of its `web_roots` name has several URLs.
    """
    first: dict[str, str] = {}
    further = {root.url: first.setdefault(root.path, root.url) for root in pack.web_roots}
    shown = {one.subject for one in observations.findings if one.effect is Effect.SHOWS and one.subject is not None}
    names = {
        subject: known + subject.removeprefix(url)
        for subject in shown
        for url, known in further.items()
        if url != known and subject.startswith(f"{url}/")
    }
    if not names:
        return observations
    findings = (
        one.model_copy(update={"subject": names[one.subject]}) if one.subject in names else one
        for one in observations.findings
    )
    return replace(observations, findings=tuple(findings))
