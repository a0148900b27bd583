"""The rule set of the benchmark, and the fixed strings that ripgrep gets for it."""

from __future__ import annotations

from pathlib import Path

from bench.hunt.synthetic import indicator_values
from bench.hunt.web_rules import sigma_rules
from waspglass.evidence.artefact import Columns
from waspglass.evidence.formats.registry import line_format
from waspglass.hunt.cache import Cache
from waspglass.hunt.matching.binding import bind
from waspglass.hunt.matching.needles import REGEX, Encoder, clauses, positive, prongs
from waspglass.hunt.matching.sample import Sample
from waspglass.hunt.rules.load import load_rules
from waspglass.hunt.rules.rule import Indicator, Rule, RuleSet
from waspglass.packs.load import load_pack
from waspglass.packs.pack import RuleSource

__all__ = ["bench_rules", "fixed_strings"]

_SAMPLE = 1 << 20
_COMMON = 0.005


def bench_rules(cache: Cache | None = None) -> RuleSet:
    """The pack `proxylogon`, the web rules, and 540 indicators."""
    addresses, domains, agents = indicator_values()
    rows = [("ip", addresses), ("domain", domains), ("user-agent", agents)]
    listed = "type,value\n" + "".join(f"{kind},{value}\n" for kind, values in rows for value in values)
    added = [RuleSource(path=f"web{n}.yml", text=text, origin="user") for n, text in enumerate(sigma_rules())]
    added.append(RuleSource(path="indicators.csv", text=listed, origin="user"))
    return load_rules(load_pack("proxylogon", cache), added, cache=cache)


def fixed_strings(rules: RuleSet, kind: str, log: Path) -> list[str]:
    """For each rule the rarest strings that a matching line must contain, as a user of ripgrep would look for them.

    Strings shorter than 4 bytes, or in more than 0.5 % of the lines, are left out: they would only make ripgrep print.
    """
    form = line_format(rules.kinds[kind].format)
    with log.open("rb") as stream:
        head = stream.read(_SAMPLE)
    columns: Columns | None = None
    for line in head.splitlines()[:10]:
        columns = form.header(line, columns) if line.startswith(form.header_starts) else columns
    assert columns is not None
    chosen: list[Rule | Indicator] = [*(rule for rule in rules.rules if rule.phase == "first"), *rules.indicators]
    bindings = bind(rules, rules.kinds[kind], columns, form.virtual(columns), blank=form.blank, chosen=chosen, holes={})
    sample = Sample(head[: head.rfind(b"\n") + 1])
    found: set[bytes] = set()
    for cost in (lambda clause: float(-min(map(len, clause))), None):
        options = [
            clauses(prong, Encoder(form, columns, frozenset(), bound), cost or sample.share)
            for bound in bindings.bound
            for prong in prongs(positive(bound.condition))
        ]
        if cost is not None:
            sample.measure({needle for own in options for clause in own for needle in clause}, None)
        else:
            best = [min(own, key=sample.share) for own in options if own]
            found = {needle.strip(b" \t") for clause in best for needle in clause if not needle.startswith(REGEX)}
    found.discard(b"")  # a rule may ask for a blank
    # Without its blanks an anchored needle is another string: ` mozilla ` is rare, `mozilla` stands on most lines.
    sample.measure(found, None)
    rare = [one for one in found if len(one) >= 4 and sample.share(frozenset({one})) < _COMMON]
    return sorted(one.decode("ascii") for one in rare)
