from __future__ import annotations

import base64
import math
import random
from collections.abc import Sequence

import pytest

from tests.trace.programs import INDEPENDENT, ORIGINAL, background, renamed, reordered, source
from waspglass.trace import reader
from waspglass.trace.calibration import load_calibration
from waspglass.trace.commons import load_commons
from waspglass.trace.parts import Part, parts_of
from waspglass.trace.program import Program, Source, program_of
from waspglass.trace.result import PartMatch, Span, TraceResult
from waspglass.trace.syntax import Syntax
from waspglass.trace.trace import trace
from waspglass.trace.verdict import Verdict


def traced(
    samples: Sequence[Source],
    shared: Sequence[Source],
    others: Sequence[Source] = (),
    base: Sequence[Source] = (),
) -> TraceResult:
    return trace(samples, shared, others, base, calibration=load_calibration(), commons=load_commons())


CACHE = """
public class Cache<TKey, TValue>(int capacity) where TKey : notnull
{
    private readonly Dictionary<TKey, LinkedListNode<TValue>> items = [];
    private readonly LinkedList<TValue> order = new();

    public bool Contains(TKey key) => items.ContainsKey(key);

    public TValue? Newest(TKey key)
    {
        if (!items.ContainsKey(key) || items.Count > capacity)
        {
            return default;
        }
        var node = items[key];
        order.Remove(node);
        order.AddLast(node);
        return node.Value;
    }
}
"""
SHARED = [source("shared.py", ORIGINAL)]


def test_a_copy_is_derived_and_said_to_be_identical() -> None:
    result = traced([source("found.py", ORIGINAL)], SHARED, background())
    assert result.verdict is Verdict.DERIVED
    best = result.comparisons[0]
    assert best.identical
    assert best.score == pytest.approx(1.0)
    assert (best.hypotheses.background_as_alike, best.hypotheses.one_in) == (0, 20_000)
    assert best.regions[0].sample == best.regions[0].shared


def test_a_background_that_is_given_twice_says_no_more_than_once() -> None:
    """As a folder and its archive, say: four programs would be the eight that an answer with a background asks for."""
    again = [source(f"others.zip/{one.name}", one.raw.decode()) for one in background(4)]
    samples = [source("found.py", renamed(ORIGINAL))]
    assert traced(samples, SHARED, [*again, *background(4)]) == traced(samples, SHARED, background(4))


def test_a_renamed_and_reordered_copy_is_far_above_the_background() -> None:
    best = traced([source("found.py", reordered(renamed(ORIGINAL)))], SHARED, background()).comparisons[0]
    assert best.llr > math.log(20)
    assert best.hypotheses.background_as_alike == 0
    assert best.verdict is not Verdict.INDEPENDENT
    assert any(region.renamed for region in best.regions)


@pytest.mark.parametrize("text", INDEPENDENT)
def test_an_independent_program_is_not_derived(text: str) -> None:
    best = traced([source("found.py", text)], SHARED).comparisons[0]
    assert best.verdict is not Verdict.DERIVED
    assert best.llr < 0


def test_a_packed_copy_is_unpacked_and_derived() -> None:
    packed = f"exec(__import__('base64').b64decode('{base64.b64encode(ORIGINAL.encode()).decode()}'))"
    result = traced([source("found.py", packed)], SHARED, background())
    assert result.verdict is Verdict.DERIVED
    assert result.comparisons[0].sample == "found.py > base64"


def test_tiny_programs_cannot_be_told_even_when_equal() -> None:
    result = traced([source("a.py", "print('hello')\n")], [source("b.py", "print('hello')\n")])
    assert result.verdict is Verdict.CANNOT_TELL
    assert "small" in result.comparisons[0].reasons


def test_what_everybody_has_is_explained_by_a_common_source() -> None:
    others = [source(f"student{i}.py", ORIGINAL + f"\nprint({i}, 'x' * {i})\n") for i in range(12)]
    best = traced([source("found.py", ORIGINAL + "\nprint(99)\n")], SHARED, others).comparisons[0]
    assert best.verdict is not Verdict.DERIVED
    assert best.hypotheses.against_common_source is not None
    assert best.hypotheses.against_common_source < math.log(10)


def test_given_code_does_not_count() -> None:
    own = "\n\ndef farewell(names):\n    return ['bye ' + name for name in names if name]\n"
    best = traced([source("a.py", ORIGINAL + own)], SHARED, background(), SHARED).comparisons[0]
    assert best.score == 0.0
    assert best.verdict is not Verdict.DERIVED


def test_many_copies_of_one_document_do_not_make_its_content_common() -> None:
    copies = [source(f"copy{i}.py", ORIGINAL + f"# copy {i}\n") for i in range(30)]
    alone = traced([source("found.py", renamed(ORIGINAL))], copies[:1], background()).comparisons[0]
    among = traced([source("found.py", renamed(ORIGINAL))], copies, background()).comparisons[0]
    assert among.llr == pytest.approx(alone.llr)


def test_one_reused_function_is_found_and_its_place_named() -> None:
    functions = ORIGINAL.split("\n\n\n")
    body = "\n\n\n".join([functions[2], functions[3]])
    sample = INDEPENDENT[1].replace("main()\n", "") + "\n\n" + body + "\n\n" + INDEPENDENT[2]
    best = traced([source("found.py", sample)], SHARED, background()).comparisons[0]
    line = sample.splitlines().index("def total_by_station(readings, least=0.5):") + 1
    assert any(part.sample.first == line for part in best.parts)
    assert any(region.sample.first <= line + 3 <= region.sample.last for region in best.regions)


def test_the_copy_in_between_is_named() -> None:
    second = renamed(ORIGINAL)
    kept = [part for part in second.split("\n\n\n") if not part.startswith("def smooth")]
    third = "\n\n\n".join(kept).replace("1.0375", "1.5").replace("acc", "bag").replace("peak", "most")
    result = traced([source("found.py", third)], [source("first.py", ORIGINAL), source("second.py", second)])
    by_shared = {one.shared: one for one in result.comparisons}
    first, nearer = by_shared["first.py"].direction, by_shared["second.py"].direction
    assert first is not None
    assert nearer is not None
    assert (nearer.nearest, nearer.through) == (True, None)
    assert (first.nearest, first.through) == (False, "second.py")


def test_a_result_survives_json_and_does_not_depend_on_the_order_of_input() -> None:
    samples = [source("a.py", renamed(ORIGINAL)), source("b.py", INDEPENDENT[0])]
    result = traced(samples, SHARED, background())
    assert TraceResult.model_validate_json(result.model_dump_json()) == result
    turned = traced(samples[::-1], SHARED, background()[::-1])
    assert turned.comparisons == result.comparisons


def broken(text: str) -> str:
    """No grammar reads it any more."""
    return "\n".join(line + (" )] }} if" if number % 2 else "") for number, line in enumerate(text.splitlines()))


def test_a_broken_copy_is_compared_as_tokens_with_a_sound_original() -> None:
    best = traced([source("found.py", broken(ORIGINAL))], SHARED, background()).comparisons[0]
    assert "as_tokens" in best.reasons
    assert best.verdict is not Verdict.INDEPENDENT
    assert best.llr > math.log(20)
    assert best.regions


@pytest.mark.parametrize("name", ["found.txt", "found", "found.rb", "found.cs"])
def test_a_wrong_name_does_not_hide_a_copy(name: str) -> None:
    assert traced([source(name, ORIGINAL)], SHARED, background()).verdict is Verdict.DERIVED


def test_a_second_program_of_one_name_is_read_in_the_language_of_that_name() -> None:
    few = "x = 1\ny = x\n"  # nothing in it shows a language
    result = traced([source("a.rb", few)], [source("a.rb", f"{few}z = y\n")])
    assert [one.language for one in (*result.samples, *result.shared)] == ["ruby", "ruby"]


def test_programs_of_one_name_are_told_apart() -> None:
    result = traced([source("a.py", INDEPENDENT[0])], [source("a.py", ORIGINAL)], background())
    best = result.comparisons[0]
    assert (best.sample, best.shared) == ("a.py", "a.py (2)")
    assert not best.identical
    assert best.verdict is not Verdict.DERIVED
    assert len(result.texts) == 2


def test_a_wrapper_that_is_too_small_to_tell_does_not_decide() -> None:
    packed = f"exec(b64decode('{base64.b64encode((INDEPENDENT[1] * 3).encode()).decode()}'))"
    result = traced([source("found.py", packed)], [source("shared.py", ORIGINAL * 2)], background())
    wrapper = next(one for one in result.comparisons if one.sample == "found.py")
    assert wrapper.reasons[0] == "small"
    assert result.comparisons[0].sample == "found.py > base64"
    assert result.verdict is result.comparisons[0].verdict


def test_bytes_are_never_called_independent() -> None:
    noise = bytes((i * i * 31 + i // 7) % 256 for i in range(20_000))
    best = traced([Source("found.exe", noise)], SHARED, background()).comparisons[0]
    assert best.verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize("ending", ["\r", "\r\n"])
def test_line_ends_do_not_hide_a_copy(ending: str) -> None:
    text = "# a comment\n" + ORIGINAL
    found = Source("found.py", text.replace("\n", ending).encode())
    best = traced([found], [source("shared.py", text)], background()).comparisons[0]
    assert (best.verdict, best.score) == (Verdict.DERIVED, 1.0)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "utf-8-sig", "cp1252"])
def test_an_encoding_does_not_hide_a_copy_nor_its_lines(encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-32-be" else ""
    found = Source("found.py", f"{mark}{ORIGINAL}# caf\xe9\n".encode(encoding))
    result = traced([found], SHARED, background())
    assert (result.verdict, result.samples[0].reading) == (Verdict.DERIVED, "syntax")
    assert result.texts["found.py"].lines[0].removeprefix("\\ufeff") == ORIGINAL.splitlines()[0]


def test_a_zero_byte_does_not_hide_a_copy() -> None:
    found = Source("found.py", ORIGINAL.replace("\n\n", "\n\0\n").encode())
    assert traced([found], SHARED, background()).verdict is Verdict.DERIVED


@pytest.mark.parametrize("spoil", ["", ") ] } ( [ { def def\n" * 60], ids=["sound", "broken"])
def test_a_function_in_a_long_sample_is_named_also_without_a_grammar(spoil: str) -> None:
    function = ORIGINAL.split("\n\n\n")[2]
    long = "\n\n\n".join(text.replace("main()", "") for text in INDEPENDENT)
    sample = f"{long}\n\n\n{function}\n\n\n{spoil}"
    best = traced([source("found.py", sample)], SHARED, background()).comparisons[0]
    line = sample[: sample.index(function)].count("\n") + 1
    assert ("as_tokens" in best.reasons) is bool(spoil)
    assert any(part.sample.first == line for part in best.parts)
    assert best.verdict is not Verdict.INDEPENDENT


def test_a_sample_of_which_not_all_was_unpacked_is_never_called_independent() -> None:
    """Decoys fill the bound of layers, and the copy stands behind them."""
    words = [base64.b64encode(f"harmless text, number {i}: abcdefghijklmnopqrstuvwxyz".encode()) for i in range(40)]
    decoys = "\n".join(f'text{i} = "{word.decode()}"' for i, word in enumerate(words))
    sample = f'{INDEPENDENT[0] * 6}\n{decoys}\nlast = "{base64.b64encode(ORIGINAL.encode()).decode()}"\n'
    result = traced([source("found.py", sample)], [source("shared.py", ORIGINAL * 3)])
    assert "layers_bounded" in result.samples[0].remarks
    assert result.comparisons[0].verdict is Verdict.INDEPENDENT
    assert result.verdict is Verdict.CANNOT_TELL


def test_an_encrypted_sample_is_never_called_independent() -> None:
    packed = base64.b64encode(bytes(byte ^ (57 * place + 13) % 256 for place, byte in enumerate(ORIGINAL.encode() * 3)))
    wrapper = f"key = 57\ndata = b64decode('{packed.decode()}')\nexec(bytes(undo(data, key)))\n{INDEPENDENT[0] * 6}"
    result = traced([source("found.py", wrapper)], [source("shared.py", ORIGINAL * 3)])
    assert result.samples[0].remarks == ("layers_unread",)
    assert result.comparisons[0].verdict is Verdict.INDEPENDENT
    assert result.verdict is Verdict.CANNOT_TELL


def test_what_is_unpacked_is_read_in_the_language_of_what_was_shared() -> None:
    """To signs alone short C# looks like another language."""
    shared = source("Cache.cs", CACHE)
    packed = base64.b64encode(CACHE.replace("items", "slots").replace("Newest", "Last").encode()).decode()
    result = traced([source("found.py", f"import base64\nexec(base64.b64decode('{packed}'))\n")], [shared])
    best = result.comparisons[0]
    assert best.sample == "found.py > base64"
    assert program_of(Source(best.sample, base64.b64decode(packed))).language != "csharp"
    assert "as_tokens" not in best.reasons


def test_a_reused_function_comes_before_a_whole_that_is_a_bit_alike() -> None:
    long = "\n\n\n".join(text.replace("main()", "") for text in INDEPENDENT)
    sample = source("found.py", "\n\n\n".join([long, ORIGINAL.split("\n\n\n")[2]]))
    alike = source("alike.py", INDEPENDENT[1].replace("for", "while")[:360])
    first, second = traced([sample], [alike, *SHARED], background()).comparisons
    assert first.llr < second.llr < max(part.llr for part in first.parts)
    assert (first.shared, second.shared) == ("shared.py", "alike.py")


def test_two_that_are_given_code_but_for_a_few_lines_cannot_be_told() -> None:
    """What is left is too little: neither may the same last line weigh as much as a long program's, nor be nothing."""
    end = "\n\nif __name__ == '__main__':\n    main(sys.argv[1:])\n"
    for sample, shared in ((ORIGINAL, ORIGINAL), (f"{ORIGINAL}\nx = 1{end}", f"{ORIGINAL}\ny = [2]{end}")):
        best = traced([source("a.py", sample)], [source("b.py", shared)], background(), SHARED).comparisons[0]
        assert (best.verdict, best.reasons[0]) == (Verdict.CANNOT_TELL, "given")
        assert abs(best.llr) <= 1.0


def test_what_the_background_holds_is_shown_as_known_elsewhere() -> None:
    others = [source(f"student{i}.py", f"{ORIGINAL}\nprint({i})\n") for i in range(12)]
    best = traced([source("found.py", ORIGINAL)], SHARED, others).comparisons[0]
    assert best.reasons[0] == "common_source"
    assert [region.known for region in best.regions] == [1.0]
    alone = traced([source("found.py", ORIGINAL)], SHARED).comparisons[0]
    assert all(region.known < 0.2 for region in alone.regions)


def test_little_text_that_nobody_else_has_is_not_said_to_be_known_from_elsewhere() -> None:
    function = ORIGINAL.split("\n\n\n")[2]
    best = traced([source("found.py", function)], [source("shared.py", function)], background()).comparisons[0]
    assert best.llr >= load_calibration().derived_at
    assert (best.verdict, best.reasons) == (Verdict.CANNOT_TELL, ("common_open", "identical"))


def test_noise_is_not_said_to_be_more_alike_than_most_programs() -> None:
    noise = bytes((i * i * 31 + i // 7) % 256 for i in range(20_000))
    best = traced([Source("found.exe", noise)], SHARED, background()).comparisons[0]
    assert best.llr < 0
    assert best.reasons[0] in {"unclear", "binary"}


def test_the_parts_of_a_sample_are_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hostile nesting makes this dear."""
    read: list[str] = []

    def counted(program: Program, syntax: Syntax, raw: bytes) -> tuple[Part, ...]:
        read.append(program.name)
        return parts_of(program, syntax, raw)

    monkeypatch.setattr(reader, "parts_of", counted)
    shared = [source(f"shared{i}.py", f"{text}\n# {i}\n") for i, text in enumerate(INDEPENDENT)]
    result = traced([source("found.py", renamed(ORIGINAL))], shared)
    assert result.detailed == 3
    assert sorted(read) == ["found.py", "shared0.py", "shared1.py", "shared2.py"]


def test_a_changed_line_in_given_code_makes_no_part_derived() -> None:
    """Two filled the same template in the same way; all else in the function was given to them."""
    steps = "".join(f"    total_{i} = sum(row[{i}] for row in rows if row[{i + 3}] > limit)\n" for i in range(12))
    template = f"def totals(rows, limit=5):\n{steps}    return [{', '.join(f'total_{i}' for i in range(12))}]\n"
    filled = template.replace("limit=5", "limit=limit_of(8080, 'north')")
    rest = [text.replace("main()", "") for text in INDEPENDENT[:2]]
    sample, shared = ([source(f"{i}.py", f"{filled}\n\n{text}")] for i, text in enumerate(rest))
    found = traced(sample, shared).comparisons[0].parts
    assert [part.verdict for part in found] == [Verdict.DERIVED]
    given = traced(sample, shared, (), [source("template.py", template)]).comparisons[0]
    assert given.verdict is not Verdict.DERIVED


@pytest.mark.parametrize(("more", "reason"), [(-0.1, "between"), (0.1, "part_between")])
def test_a_part_that_says_less_than_the_whole_is_not_said_to_decide(
    monkeypatch: pytest.MonkeyPatch, more: float, reason: str
) -> None:
    monkeypatch.setattr("waspglass.trace.trace.part_evidence", lambda *_: (0.0, 0.0, False))
    pair = [source("a.py", renamed(ORIGINAL))], [source("b.py", ORIGINAL)]
    whole = traced(*pair).comparisons[0].llr
    lines = Span(first=1, last=9)
    part = PartMatch(sample=lines, shared=lines, tokens=90, score=0.5, llr=whole + more, verdict=Verdict.CANNOT_TELL)
    monkeypatch.setattr("waspglass.trace.trace.parts_in_common", lambda *_: (part,))
    best = traced(*pair).comparisons[0]
    assert whole > 0
    assert (best.verdict, best.reasons[0]) == (Verdict.CANNOT_TELL, reason)


WEIGHED = "\n".join(f"    total_{i} = weigh(rows[{i}], 'unit {i * 37}') ** {i + 2} - offset_{i % 7}" for i in range(8))


def test_a_copy_whose_names_all_changed_is_told_by_its_structure_and_derived_only_beside_a_background() -> None:
    shared = f"{ORIGINAL}\n\n\ndef weighed(rows):\n{WEIGHED}\n    return rows\n"
    sample = renamed(shared).replace("weigh", "scale").replace("rows", "items")
    pair = [source("a.py", sample)], [source("b.py", shared)]
    alone = traced(*pair).comparisons[0]
    assert "structure_open" in alone.reasons or alone.reasons[0] == "part"
    assert alone.llr < load_calibration().derived_at
    beside = traced(*pair, background()).comparisons[0]
    assert (beside.verdict, beside.parts) == (Verdict.DERIVED, ())
    assert beside.llr == beside.hypotheses.against_independent > load_calibration().derived_at
    assert beside.hypotheses.one_in >= 3000


ENTITY = """
class {E}Store:
    def __init__(self, clock):
        self.rows = {{}}
        self.clock = clock

    def find(self, {k}):
        return self.rows.get({k})

    def save(self, {e}):
        if {e} is None or not {e}.{k}:
            raise ValueError("{e}")
        {e}.changed = self.clock.now()
        if {e}.{k} not in self.rows:
            {e}.created = {e}.changed
        self.rows[{e}.{k}] = {e}

    def remove(self, {k}):
        if {k} not in self.rows:
            return False
        del self.rows[{k}]
        return True

    def changed_since(self, start):
        for {e} in self.rows.values():
            if {e}.changed >= start and not {e}.hidden:
                yield {e}
"""


def test_two_products_of_one_generator_are_not_called_derived_from_one_another() -> None:
    order = ENTITY.format(E="Order", e="order", k="number")
    customer = ENTITY.format(E="Customer", e="customer", k="code")
    invoice = [source("invoice.py", ENTITY.format(E="Invoice", e="invoice", k="key"))]
    pair = [source("order.py", order)], [source("customer.py", customer)]
    for around in ((), invoice, [*background(), *invoice]):
        assert traced(*pair, around).verdict is Verdict.CANNOT_TELL


def test_structure_alone_is_not_enough_where_both_may_have_it_from_a_third_or_no_grammar_could_read_it() -> None:
    shared = f"{ORIGINAL}\n\n\ndef weighed(rows):\n{WEIGHED}\n    return rows\n"
    sample = renamed(shared).replace("weigh", "scale").replace("rows", "items")
    pair = [source("a.py", sample)], [source("b.py", shared)]
    assert traced(*pair, [source("third.py", shared)]).verdict is not Verdict.DERIVED
    as_text = traced([reader.as_tokens(pair[0][0])], [reader.as_tokens(pair[1][0])]).comparisons[0]
    assert as_text.reasons[0] != "structure"


@pytest.mark.parametrize("seed", range(3))
def test_names_and_order_of_the_inputs_change_no_answer(seed: int) -> None:
    """Also with more background programs than are looked at one by one."""
    draw = random.Random(seed)
    texts = {
        "samples": [renamed(ORIGINAL), ORIGINAL + "\nprint(1)\n", INDEPENDENT[0]],
        "shared": [ORIGINAL, ORIGINAL.replace("1.0375", "1.05"), INDEPENDENT[1]],
        "background": [one.raw.decode() + f"print({i})\n" for i, one in enumerate(background(410))],
    }

    def answers(*, shuffled: bool) -> dict[tuple[str, str], tuple[str, float, str]]:
        sources: dict[str, list[Source]] = {}
        text_of: dict[str, str] = {}
        for kind, all_texts in texts.items():
            order = draw.sample(all_texts, len(all_texts)) if shuffled else all_texts
            names = [f"{kind}{draw.randrange(10**9) if shuffled else place}.py" for place in range(len(order))]
            sources[kind] = [source(name, text) for name, text in zip(names, order, strict=True)]
            text_of.update(zip(names, order, strict=True))
        result = trace(
            sources["samples"], sources["shared"], sources["background"],
            calibration=load_calibration(), commons=load_commons(),
        )  # fmt: skip
        return {
            (text_of[one.sample], text_of[one.shared]): (one.verdict.value, one.llr, one.reasons[0])
            for one in result.comparisons
        }

    assert answers(shuffled=True) == answers(shuffled=False)


@pytest.mark.parametrize(
    "line",
    [
        "x = x + 1\n",
        "0,0,0,0,0\n",
        "insert into t values (0, 0, 0);\n",
        "AAAA \n",
        "def f():\n    y = 2\n\n",
        "\0\0\0\0",
    ],
)
def test_what_is_said_over_and_over_counts_once(line: str) -> None:
    (one,) = traced([source("a.py", line * 4000)], [source("b.py", line * 3000)]).comparisons
    assert (one.verdict, one.reasons[0]) == (Verdict.CANNOT_TELL, "repeats")


@pytest.mark.parametrize("text", [ORIGINAL, *INDEPENDENT, CACHE])
def test_what_people_wrote_counts_whole(text: str) -> None:
    program = program_of(source("a.py" if "def" in text else "a.cs", text))
    assert program.telling == program.tokens


def test_a_part_that_others_have_word_for_word_says_nothing() -> None:
    """Both fill in one template: that the part of it is the same in both does not speak for copying."""
    own, other = INDEPENDENT[0] + ORIGINAL, INDEPENDENT[1] + ORIGINAL
    template = source("template.py", ORIGINAL)
    (known,) = traced([source("a.py", own)], [source("b.py", other)], [*background(20), template]).comparisons
    (rare,) = traced([source("a.py", own)], [source("b.py", other)], background(20)).comparisons
    assert (known.verdict, known.parts, known.regions[0].known > 0.9) == (Verdict.CANNOT_TELL, (), True)
    assert (rare.verdict, rare.reasons[0]) == (Verdict.DERIVED, "alike")


def test_a_disguised_sample_is_never_called_independent() -> None:
    disguised = "".join(
        f"function _0x{4096 + i:x}(a) {{ return a['q{i}'](_0x{4097 + i:x}, {i}); }}\n" for i in range(60)
    )
    result = traced([source("found.js", disguised)], [source("shared.js", "let total = 0;\n" * 9 + ORIGINAL * 2)])
    assert "disguised" in result.samples[0].remarks
    assert result.verdict is Verdict.CANNOT_TELL
