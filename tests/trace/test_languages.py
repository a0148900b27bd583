from __future__ import annotations

import time

import pytest

from tests.trace.programs import background, source
from waspglass.trace.calibration import load_calibration
from waspglass.trace.commons import load_commons
from waspglass.trace.languages import detect
from waspglass.trace.trace import trace

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
QUERY = """SELECT station, SUM(litres) AS total, COUNT(*) AS days FROM readings
JOIN stations ON stations.id = readings.station_id
WHERE litres >= 3 AND stations.closed IS NULL AND readings.taken BETWEEN '2021-01-01' AND '2021-03-31'
GROUP BY station HAVING SUM(litres) > 100 ORDER BY total DESC LIMIT 20;
CREATE VIEW quiet AS SELECT name FROM stations WHERE id NOT IN (SELECT station_id FROM readings WHERE litres > 1);
UPDATE stations SET checked = CURRENT_DATE WHERE name IN (SELECT name FROM quiet);
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


@pytest.mark.parametrize("unit", ["\n", " \n", "\t", "private ", "function ", "<script ", "'"])
def test_recognition_takes_little_time_whatever_the_text(unit: str) -> None:
    begin = time.process_time()
    detect("", unit * 16_384)
    assert time.process_time() - begin < 2
