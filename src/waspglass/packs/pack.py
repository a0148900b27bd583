"""The typed view of a campaign pack: what the capabilities read; `packs/load.py` makes it from the data files."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from waspglass.model.document import Document, Instant
from waspglass.model.finding import Rung
from waspglass.packs.based import Based
from waspglass.packs.exposed import ExposedProduct

__all__ = [
    "ActorFields",
    "AdviceText",
    "ArtefactKind",
    "BuildRow",
    "ClockText",
    "DerivedField",
    "Figure",
    "Logsource",
    "NoEntry",
    "Pack",
    "RuleSource",
    "RuleTitle",
    "TimelineRow",
    "Translated",
    "WebRoot",
    "Window",
]


def _said(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "the text is empty")
    return text


_Text = Annotated[str, AfterValidator(_said)]


class Translated(Document):
    """A text in the languages of the reports."""

    en: _Text
    de: _Text

    def text(self, language: str) -> str:
        """The text in a language, English where there is none."""
        return self.de if language == "de" else self.en


class Logsource(Document):
    """A Sigma logsource; an absent part matches anything."""

    product: str | None = None
    category: str | None = None
    service: str | None = None

    def answers(self, wanted: Logsource) -> bool:
        """True if this says something, and nothing that the logsource of a rule does not say too."""
        pairs = ((self.product, wanted.product), (self.category, wanted.category), (self.service, wanted.service))
        return any(own for own, _ in pairs) and all(own is None or own == asked for own, asked in pairs)


class DerivedField(Document):
    """A field that is cut out of another, so that rules and joins of different logs can speak of it.

    Attributes:
        name: Name of the new field.
        source: Fields to look in, first match wins.
        regex: Python regular expression whose first group is the value.
        sender: The field with the sender's own address, where the other sources hold the chain of those who passed the
            request on: if the user names proxies, the value is the last address that is none of theirs.
    """

    name: str
    source: tuple[str, ...]
    regex: str
    sender: str | None = None


class ActorFields(Document):
    """Which fields of a kind tell who acted; the first that is present wins."""

    address: tuple[str, ...] = ()
    user_agent: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    session: tuple[str, ...] = ()


class ArtefactKind(Based):
    """A kind of artefact: how it is recognised and read, and what it can speak for.

    Attributes:
        kind: Name, used in coverage and rules.
        format: Line format or record reader.
        paths: Globs over the Windows path with `/`, without drive and case (`**/logging/httpproxy/*/*.log`);
            `{name}` in place of a `*` captures an attribute of that name.
        content: Regular expression (bytes semantics, searched in the first 64 KiB) that the content must match; it also
            recognises loose files by content alone.
        logsources: Sigma logsources that this kind answers.
        aliases: Sigma field name -> field names of this kind, any of which may match.
        derive: Fields cut out of others.
        actor: Who acted.
        shows: The rungs that this kind is able to show.
        entry: True if it would have shown an entry through the campaign's flaws.
        snapshot: True if a file of this kind shows what is there at collection (a page, a configuration), not history.
        earlier: The kind whose former files these are: what only they hold was there once, and is gone if that kind's
            file of the same name was collected without it.
        together: Other kinds without which this one shows only a part of the ways in; it counts for "clean" only where
            all of them speak too.
        settled_by: Kinds that tell whether an attempt succeeded of which this one sees the answer only.
        serves: Beginnings of URL paths, in lower case, of which this kind logs all requests by itself: such a request
            it settles without those that it goes together with.
        requires: Columns without which a log of this kind cannot show an entry.
        witness: Column -> regular expression; logs of a folder count for "clean" only if a record of one of them fits
            all of these. A column that the log lacks is not asked.
        aside: Likewise; logs of a folder with such a record are those of a site for administrators alone. They do not
            count for "clean", unless the server's configuration lists no other site of the product.
        site: Column that holds the number of the site; a record that fits the witness tells that it serves the product.
        keys: Registry keys that are read besides those of Windows, below the root of the hive; `*` is any one name.
        retention_days: After how many days the product deletes it by default; None = never by itself.
        quota_mb: Folder quota in MB, after which it is deleted earlier; None = none known.
        gap_hours: A silence longer than this is a gap; None = silence means nothing here.
        title: What a person calls it.
        remedy: What to collect if it is missing.
        sources: Where these facts come from.
    """

    called: ClassVar[str] = "kind"

    kind: str
    format: str
    paths: tuple[str, ...] = ()
    content: str | None = None
    logsources: tuple[Logsource, ...] = ()
    aliases: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    derive: tuple[DerivedField, ...] = ()
    actor: ActorFields = Field(default_factory=ActorFields)
    shows: tuple[Rung, ...] = ()
    entry: bool = False
    snapshot: bool = False
    earlier: str | None = None
    together: tuple[str, ...] = ()
    settled_by: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    witness: dict[str, str] = Field(default_factory=dict)
    aside: dict[str, str] = Field(default_factory=dict)
    site: str | None = None
    keys: tuple[str, ...] = ()
    retention_days: int | None = Field(default=None, gt=0, le=36_600)
    quota_mb: int | None = Field(default=None, gt=0, le=1 << 40)
    gap_hours: float | None = Field(default=None, gt=0, le=24 * 366, allow_inf_nan=False)
    title: Translated
    remedy: Translated | None = None
    sources: tuple[str, ...] = ()


class WebRoot(Document):
    """A folder that a web server serves: joins file paths and URL paths of the same implant.

    Attributes:
        path: Glob like those of `ArtefactKind.paths`, naming the folder.
        url: URL path under which it is served, with a leading `/` (`""` for the root). A further root with the same
            `path` names a further URL of it.
    """

    path: str
    url: str


class Window(Document):
    """The campaign's decisive moments.

    Attributes:
        first_exploitation: Before this nobody is known to have used the flaws.
        patch_available: When the first patch came out.
        public_exploit: When anybody could have used a published exploit.
        sources: Where these dates come from.
    """

    first_exploitation: Instant
    patch_available: Instant
    public_exploit: Instant | None = None
    sources: tuple[str, ...] = ()


class BuildRow(Document):
    """One released build of the product.

    Attributes:
        build: Four-part number.
        product: Product line, e.g. `Exchange Server 2016`.
        cumulative_update: e.g. `CU19`.
        security_update: e.g. `Mar21SU`; None for the plain CU.
        released: `YYYY-MM-DD` or `YYYY-MM` as the source gives it.
        kb: Knowledge-base number.
        fixes: `yes` fixes all flaws of the pack; `partly`; `no`; `not affected`.
        note: A caveat.
        source: Where the row comes from.
    """

    build: str
    product: str
    cumulative_update: str
    security_update: str | None = None
    released: str | None = None
    kb: str | None = None
    fixes: Literal["yes", "partly", "no", "not affected"]
    note: str = ""
    source: str = ""


class NoEntry(Document):
    """A product line that has only such flaws of the campaign as let nobody in by themselves.

    Attributes:
        product: As in `builds.csv`.
        cves: The flaws that it has.
        text: What its owner must know, in sentences.
    """

    product: str
    cves: tuple[str, ...]
    text: Translated


class TimelineRow(Document):
    """A dated event of disclosure or exploitation, with its source; `event_de` is the event in German."""

    date: str
    event: str
    kind: str
    source: str
    confidence: Literal["quoted", "secondary"]
    event_de: str | None = None

    def text(self, language: str) -> str:
        """The event in a language, English where there is none."""
        return self.event_de if language == "de" and self.event_de else self.event


class Figure(Document):
    """A public count, with its source; figures of different methods contradict one another, and stay side by side."""

    date: str
    region: str
    measure: str
    value: float
    source: str
    confidence: Literal["quoted", "secondary"]
    note: str = ""


class AdviceText(Document):
    """A next step, given when all of its conditions hold.

    Attributes:
        id: Stable word.
        when: Conditions such as `verdict:occupied`, `lid:vulnerable`, `rung:implanted`; a tuple is "all of", several
            entries with the same key before the colon are "any of".
        priority: 1 = now, 2 = today, 3 = this week.
        title: Imperative, one line.
        text: How and why.
        sources: Where it comes from.
    """

    id: str
    when: tuple[str, ...]
    priority: Literal[1, 2, 3]
    title: Translated
    text: Translated
    sources: tuple[str, ...] = ()


def _in_both(law: object) -> object:
    return {"en": law, "de": law} if isinstance(law, str) else law


class ClockText(Based):
    """A legal deadline that may run once somebody became aware; `when` as in `AdviceText`.

    Attributes:
        hours: From becoming aware.
        months: Calendar months after those hours.
        law: The article as lawyers of each language cite it; one text serves for both.
    """

    called: ClassVar[str] = "id"

    id: str
    when: tuple[str, ...]
    hours: int = Field(ge=0, le=24 * 366)
    months: int = Field(default=0, ge=0, le=24)
    law: Annotated[Translated, BeforeValidator(_in_both)]
    title: Translated
    text: Translated
    sources: tuple[str, ...] = ()


class RuleSource(Document):
    """The text of a rule file, before it is parsed.

    Attributes:
        path: As the user knows it.
        text: Content.
        origin: `pack`, or `user` for what --rules brought in.
    """

    path: str
    text: str
    origin: Literal["pack", "user"] = "pack"


class RuleTitle(Document):
    """What a finding of a rule is called in German; the rule itself says it in English.

    Attributes:
        rule: Name of a Sigma rule, or `yara:` and that of a YARA rule.
        de: The title.
    """

    rule: str
    de: _Text


class Pack(Document):
    """All knowledge about one campaign."""

    id: str
    version: str
    sha256: str
    title: Translated
    licence: str = ""
    """SPDX identifier of the pack's own content."""
    cves: tuple[str, ...]
    products: tuple[str, ...]
    window: Window
    no_entry: tuple[NoEntry, ...] = ()
    kinds: tuple[ArtefactKind, ...]
    web_roots: tuple[WebRoot, ...] = ()
    product_pages: tuple[str, ...] = ()
    """URL paths, in small letters, of pages of the product that intruders may write over."""
    builds: tuple[BuildRow, ...] = ()
    timeline: tuple[TimelineRow, ...] = ()
    figures: tuple[Figure, ...] = ()
    advice: tuple[AdviceText, ...] = ()
    clocks: tuple[ClockText, ...] = ()
    titles: tuple[RuleTitle, ...] = ()
    exposed: tuple[ExposedProduct, ...] = ()
    """How the products show themselves in scans, where no other pack that comes with the program says so already."""
    sigma: tuple[RuleSource, ...] = ()
    yara: tuple[RuleSource, ...] = ()
    indicators: tuple[RuleSource, ...] = ()
    lid_remedy: Translated | None = None
    """What to collect if the build is not known."""
    known_good: str | None = None
    """File of known-good hashes below `root`; `packs/known_good.py` opens it."""
    root: str = ""
    """Folder of the pack, where big data files (known-good hashes) lie; they are opened when needed."""

    @property
    def registry_keys(self) -> tuple[str, ...]:
        """Keys that the pack's kinds read besides those of Windows."""
        return tuple(key for kind in self.kinds for key in kind.keys)
