from __future__ import annotations

import base64
import time
import zlib

import pytest

from tests.trace.programs import background, source
from waspglass.trace.calibration import load_calibration
from waspglass.trace.commons import load_commons
from waspglass.trace.languages import detect
from waspglass.trace.program import Reading, program_of
from waspglass.trace.reader import Reader, as_tokens, way_of
from waspglass.trace.syntax import ANGLE_LIMIT
from waspglass.trace.trace import trace
from waspglass.trace.verdict import Verdict
from waspglass.trace.views import tokens_of

SCRIPT = """param([string]$Path, [int]$Least = 3)
function Get-Total($Rows) {
    $totals = @{}
    foreach ($row in $Rows) {
        if ($row.Litres -lt $Least) { continue }
        $totals[$row.Station] += [double]$row.Litres
    }
    return $totals
}
$rows = Import-Csv -Path $Path -Delimiter ';'
$totals = Get-Total $rows
foreach ($station in ($totals.Keys | Sort-Object)) {
    $mean = $totals[$station] / $rows.Count
    if ($mean -gt 2 * $Least) { Write-Output "$station needs a look: $mean" }
    else { Write-Verbose "$station is quiet" }
}
"""
MACRO = """Public Sub Totals(ByVal Least As Long)
    Dim Row As Long, Out As Long, Sheet As Worksheet
    Set Sheet = ThisWorkbook.Worksheets("Readings")
    Out = 2
    For Row = 2 To Sheet.UsedRange.Rows.Count
        If IsNumeric(Sheet.Cells(Row, 2).Value) Then
            If Sheet.Cells(Row, 2).Value >= Least Then
                Sheet.Cells(Out, 5).Value = Sheet.Cells(Row, 1).Value
                Sheet.Cells(Out, 6).Value = Sheet.Cells(Row, 2).Value * 1.2
                Out = Out + 1
            End If
        End If
    Next Row
    If Out = 2 Then MsgBox "Nothing to show", vbInformation
End Sub
"""
CLASS = """<?php
class Readings
{
    private $rows = [];

    public function add($station, $litres)
    {
        if (!isset($this->rows[$station])) {
            $this->rows[$station] = [];
        }
        $this->rows[$station][] = max(0, (float) $litres);
        return $this;
    }

    public function worst($least = 3, $name = 'none')
    {
        $highest = 0;
        foreach ($this->rows as $station => $values) {
            $mean = array_sum($values) / count($values);
            if (count($values) >= $least && $mean > $highest) {
                list($highest, $name) = [$mean, $station];
            }
        }
        return sprintf('%s: %.2f litres', $name, $highest);
    }
}
$readings = new Readings();
foreach (file('readings.csv') as $line) {
    $readings->add(...explode(';', trim($line)));
}
echo $readings->worst(), PHP_EOL;
"""
QUERY = """SELECT station, SUM(litres) AS total, COUNT(*) AS days FROM readings
JOIN stations ON stations.id = readings.station_id
WHERE litres >= 3 AND stations.closed IS NULL AND readings.taken BETWEEN '2021-01-01' AND '2021-03-31'
GROUP BY station HAVING SUM(litres) > 100 ORDER BY total DESC LIMIT 20;
CREATE VIEW quiet AS SELECT name FROM stations WHERE id NOT IN (SELECT station_id FROM readings WHERE litres > 1);
UPDATE stations SET checked = CURRENT_DATE WHERE name IN (SELECT name FROM quiet);
"""


RUST = """use std::collections::HashMap;
use std::fs;

/// What each station measured.
#[derive(Debug, Default)]
pub struct Readings<'a> {
    rows: HashMap<&'a str, Vec<f64>>,
}

impl<'a> Readings<'a> {
    pub fn add(&mut self, station: &'a str, litres: f64) -> &mut Self {
        self.rows.entry(station).or_default().push(litres.max(0.0));
        self
    }

    pub fn worst(&self, least: usize) -> Option<(&'a str, f64)> {
        let mut highest: Option<(&'a str, f64)> = None;
        for (station, values) in &self.rows {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            match highest {
                Some((_, known)) if known >= mean => continue,
                _ if values.len() >= least => highest = Some((station, mean)),
                _ => {}
            }
        }
        highest
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = fs::read_to_string("readings.csv")?;
    let mut readings = Readings::default();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if let Some((station, litres)) = line.split_once(';') {
            readings.add(station, litres.trim().parse::<f64>().unwrap_or(0.0));
        }
    }
    println!("{:?}", readings.worst(3));
    Ok(())
}
"""
TYPED = """import type { Row } from './rows';

export interface Total<T extends string = string> { readonly station: T; litres: number; days?: number }

export class Readings implements Iterable<Row> {
  #rows = new Map<string, number[]>();
  constructor(private readonly least: number, protected name: string | null = null) {}

  add(station: string, litres: number): this {
    const known = this.#rows.get(station) ?? [];
    known.push(Math.max(0, litres));
    this.#rows.set(station, known);
    return this;
  }

  *[Symbol.iterator](): Iterator<Row> {
    for (const [station, values] of this.#rows) yield { station, values } as Row;
  }

  worst(): Total | undefined {
    let highest: Total | undefined;
    for (const { station, values } of this) {
      const mean = values.reduce((sum: number, one: number) => sum + one, 0) / values.length;
      if (values.length < this.least) continue;
      if (highest === undefined || mean > highest.litres) highest = { station, litres: mean, days: values.length };
    }
    return highest;
  }
}

export async function show(read: (path: string) => Promise<string>): Promise<void> {
  const readings = new Readings(3);
  for (const line of (await read('readings.csv')).split('\\n')) {
    const [station, litres] = line.split(';');
    if (station && litres !== undefined) readings.add(station, Number(litres));
  }
  console.log(readings.worst()?.station satisfies string | undefined);
}
"""


CHECK = """local readings = require "readings"

-- Called for each station that answers.
local function worst(rows, least)
  local highest, name = 0, nil
  for station, values in pairs(rows) do
    local sum = 0
    for _, litres in ipairs(values) do
      sum = sum + math.max(0, litres)
    end
    if #values >= least and sum / #values > highest then
      highest, name = sum / #values, station
    end
  end
  return name, highest
end

action = function(host, port)
  local rows, line = {}, nil
  for line in io.lines(host.file) do
    local station, litres = line:match("^(%w+);(%d+)$")
    if station and tonumber(litres) then
      rows[station] = rows[station] or {}
      table.insert(rows[station], tonumber(litres))
    else
      readings.complain(("not a reading: %s"):format(line))
    end
  end
  local name, highest = worst(rows, 3)
  if not name then return "no station has enough" end
  return ("%s: %.2f litres"):format(name, highest)
end
"""


def strewn(text: str) -> str:
    """Capitals strewn over a text, as tools do."""
    return "".join(c.upper() if place * 7 % 3 else c.lower() for place, c in enumerate(text))


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [("a.ps1", SCRIPT, "b.ps1"), ("a.bas", MACRO, "b.vbs"), ("a.bas", MACRO, "b"), ("a.sql", QUERY, "b.sql")],
)
def test_capitals_that_mean_nothing_hide_no_copy(name: str, text: str, found: str) -> None:
    result = trace(
        [source(found, strewn(text))], [source(name, text)], background(),
        calibration=load_calibration(), commons=load_commons(),
    )  # fmt: skip
    assert result.comparisons[0].score > 0.99
    assert "as_tokens" not in result.comparisons[0].reasons
    assert result.texts[name].lines[0] == text.split("\n")[0]


def test_a_macro_is_compared_with_one_that_was_taken_for_another_text() -> None:
    result = trace(
        [source("b.yml", MACRO)], [source("a.bas", MACRO)], calibration=load_calibration(), commons=load_commons()
    )
    assert result.comparisons[0].score > 0.9


def unreadable(text: str) -> str:
    """A text with what no grammar makes sense of."""
    return f"{text}{') ] } ( [ { begin begin' * 60}\n"


@pytest.mark.parametrize(
    ("shared", "found", "text"),
    [("a.sql", "b.sql", QUERY), ("a.ps1", "b.ps1", SCRIPT), ("a.ps1", "b", SCRIPT), ("a.bas", "b.yml", MACRO)],
)
def test_nor_do_they_where_no_grammar_can_read_both(shared: str, found: str, text: str) -> None:
    result = trace(
        [source(found, strewn(unreadable(text)))], [source(shared, text)], background(),
        calibration=load_calibration(), commons=load_commons(),
    )  # fmt: skip
    assert "as_tokens" in result.comparisons[0].reasons
    assert result.comparisons[0].score > 0.8
    assert result.texts[shared].lines[0] == text.split("\n")[0]


@pytest.mark.parametrize(
    ("name", "text", "tokens"),
    [
        ("a.sql", "INSERT #rows -- the new ones\nVALUES ('--', 1) /* done */", "insert # rows values ( '--' , 1 )"),
        ("a.bas", "x = 1 ' it's one\nRem all of it\ny = \"a'b\"", 'x = 1 y = "a\'b"'),
        ("a.ps1", "<# all\nof it #> get https://example.org/a # now", "get https :/ / example . org / a"),
        ("a.sh", "get https://example.org ${#a} # now", "get https :/ / example . org $ { # a }"),
        ("a.yar", "rule a { condition: #b > 3 } // now", "rule a { condition : # b > 3 }"),
        ("a.nse", "--[[ all\nof it ]] a = b[[c]] -- now\nd()", "a = b [ [ c ] ] d ( )"),
        ("a.aspx", "<%-- all\nof it --%><%# Name %> // now", "<% # Name %>"),
        ("a.c", '/* of */ #include <a.h>#include "b.h" #if A\nint a; // now', "# if A int a ;"),
        ("a.js", "this.#x = #y in z; // now", "this . # x = # y in z ;"),
        ("a.rs", "#[a] /* of */ b // now", "# [ a ] b"),
        ("a.py", "a = 1 # one\nb = 2 // two /* three */", "a = 1 b = 2"),
        ("a", "a = 1 # one\nb = 2 // two <!-- three", "a = 1 b = 2"),
    ],
)
def test_comments_are_left_out_and_what_looks_like_one_elsewhere_is_not(name: str, text: str, tokens: str) -> None:
    plain = as_tokens(source(name, text), folds_case=name in {"a.sql", "a.ps1"})
    syntax, raw = Reader().syntax(plain)
    spans = zip(tokens_of(syntax).start.tolist(), tokens_of(syntax).end.tolist(), strict=True)
    assert " ".join(raw[start:end].decode() for start, end in spans) == tokens


def test_c_that_lost_its_line_breaks_is_no_comment_as_a_whole() -> None:
    """Its grammar reads nothing behind the first directive, and who rewrites it need not see to it that it compiles."""
    text = "#include <stdio.h>\n#define LEAST 3\n" + "".join(
        f"int total{n}(int *row, int count) {{\n  int sum = {n};\n  while (count-- > LEAST) sum += row[count] * {n};\n"
        f'  printf("station {n}: %d\\n", sum);\n  return sum;\n}}\n'
        for n in range(12)
    )
    found = program_of(source("found.c", text.replace("\n", " ")))
    assert found.tokens > 0.8 * program_of(source("a.c", text)).tokens
    result = trace([source("found.c", text.replace("\n", " "))], [source("a.c", text)], background(),
                   calibration=load_calibration(), commons=load_commons())  # fmt: skip
    assert result.comparisons[0].verdict is Verdict.DERIVED


def test_a_check_for_nmap_is_read_by_the_grammar_of_lua() -> None:
    assert (program_of(source("a.nse", CHECK)).language, program_of(source("a.nse", CHECK)).remarks) == ("lua", ())
    found = CHECK
    for place, word in enumerate(("station", "litres", "values", "highest", "least", "line", "rows", "name", "sum")):
        found = found.replace(word, f"Q{place}q")
    result = trace([source("found.lua", found)], [source("a.nse", CHECK)], background(),
                   calibration=load_calibration(), commons=load_commons())  # fmt: skip
    assert result.comparisons[0].verdict is Verdict.DERIVED  # as plain text it cannot be told


@pytest.mark.parametrize(("name", "text"), [("a.rs", RUST), ("a.ts", TYPED)], ids=["Rust", "TypeScript"])
def test_rust_and_typescript_are_read_by_their_grammars_whatever_the_names(name: str, text: str) -> None:
    """Their signs were taken for those of C++ and JavaScript before, whose grammars break on them."""
    assert program_of(source(name, text)).remarks == ()
    assert program_of(source("found", text)).language == program_of(source(name, text)).language
    words = ("station", "litres", "Readings", "worst", "values", "highest", "least", "mean", "line")
    for place, word in enumerate(words):
        text = text.replace(word, f"Q{place}q")
    result = trace([source("found", text)], [source(name, RUST if name == "a.rs" else TYPED)], background(),
                   calibration=load_calibration(), commons=load_commons())  # fmt: skip
    assert result.comparisons[0].verdict is Verdict.DERIVED


def test_javascript_beside_typescript_is_read_by_the_same_grammar() -> None:
    own, other = Reader().together(source("a.js", "class A { #x = 1; f() { return this.#x } }"), source("b.ts", TYPED))
    assert {way_of(program_of(own)), way_of(program_of(other))} == {"tree_sitter_typescript"}
    own, other = Reader().together(source("a.py", "x = 1"), source("b.ts", TYPED))
    assert {way_of(program_of(own)), way_of(program_of(other))} == {"tokens"}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("export const add = (a: number, b?: string[]): number => {\n  return a\n}\n", "typescript"),
        ("program a;\nvar s, t: string;\nfunction f(x: integer): boolean;\nbegin\nend.\n", "text"),
        ("type Point = { X: int }\n\nlet show (a: string, b: string) : string = a + b\n", "text"),
    ],
    ids=["TypeScript", "Pascal", "F#"],
)
def test_types_behind_a_colon_are_not_always_typescript(text: str, language: str) -> None:
    assert program_of(source("found", text)).language == language


@pytest.mark.parametrize("name", ["a.ts", "a.tsx"])
def test_typescript_that_opens_very_often_is_read_as_tokens(name: str) -> None:
    """Of what is not closed its grammar needs memory by the square: 80 kB took more than 9 GB."""
    assert program_of(source(name, "a < b;\n" * ANGLE_LIMIT)).reading is Reading.SYNTAX
    assert program_of(source(name, "a < b;\n" * (ANGLE_LIMIT + 1))).reading is Reading.TOKENS


def test_rust_that_goes_on_without_an_end_is_read_as_tokens() -> None:
    """30 kB of it that made no sense took its grammar 3.4 GB."""
    assert program_of(source("a.rs", "fn f() { x" + " = x" * 400 + "; }")).reading is Reading.SYNTAX
    assert program_of(source("a.rs", "fn f() { x" + " = x" * 600 + "; }")).reading is Reading.TOKENS


def test_a_guessed_language_does_not_make_code_of_comments() -> None:
    """What is packed has no name; beside a named text it is read as that one is."""
    remarks = "\n".join(f"-- station {number} is read at dawn" for number in range(60))
    result = trace(
        [source("found", unreadable(QUERY))], [source("a.sql", unreadable(f"{remarks}\n{QUERY}"))],
        calibration=load_calibration(), commons=load_commons(),
    )  # fmt: skip
    assert result.comparisons[0].score == 1.0


def test_php_without_its_opening_tag_is_read_as_with_it() -> None:
    """What `eval` takes has none, and to the grammar such a text is HTML."""
    bare = CLASS.removeprefix("<?php\n")
    packed = base64.b64encode(zlib.compress(bare.encode(), wbits=-15)).decode()
    result = trace(
        [source("a.php", f"<?php eval(gzinflate(base64_decode('{packed}')));")], [source("b.php", CLASS)],
        calibration=load_calibration(), commons=load_commons(),
    )  # fmt: skip
    best = result.comparisons[0]
    assert (best.sample, best.verdict) == ("a.php > base64 > deflate", Verdict.DERIVED)
    assert [one.language for one in result.samples] == ["php", "php"]
    whole = [(region.sample.first, region.shared.last) for region in best.regions]
    assert whole == [(1, CLASS.count("\n"))]


def test_a_page_in_php_is_not_read_as_php_throughout() -> None:
    page = f"<p>Readings of $this->week</p>\n<? echo 1 ?>\n{'<p>for all</p>' * 9}"
    syntax, _ = Reader().syntax(source("a.php", page))
    assert len(tokens_of(syntax).text) < 12


@pytest.mark.parametrize("unit", ["\n", " \n", "\t", "private ", "function ", "<script ", "'"])
def test_recognition_takes_little_time_whatever_the_text(unit: str) -> None:
    begin = time.process_time()
    detect("", unit * 16_384)
    assert time.process_time() - begin < 2
