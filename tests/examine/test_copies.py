"""Whether two logs of one place and day may be of one server."""

from __future__ import annotations

import pytest

from tests.evidence.trees import memory_artefact
from waspglass.evidence.artefact import Artefact
from waspglass.examine.copies import folders_of_other_servers

ROWS = tuple(f"2021-03-03 0{hour}:00:00 192.0.2.10 /owa/{hour}" for hour in range(6))
QUERIES = tuple(f"{row} id={number}" for number, row in enumerate(ROWS))
WITH_QUERY = "date time s-ip cs-uri-stem cs-uri-query"
TYPED_AGAIN = tuple(row.replace("2021-03-03", "03.03.2021").replace(":00:00", ":00:00.5") for row in ROWS)
SHOWN = "2021-03-03 00:30:00 192.0.2.10 /owa/f\xfcr"
OTHERS = tuple(row.replace("192.0.2.10", "192.0.2.11") for row in ROWS)


def log(folder: str, *rows: str, fields: str = "date time s-ip cs-uri-stem") -> Artefact:
    text = "\r\n".join([f"#Fields: {fields}", *rows, ""])
    return memory_artefact(text.encode(), rf"{folder}\u_ex210303.log", "w3c", "iis")


@pytest.mark.parametrize(
    ("one", "other", "several"),
    [
        (log(r"north\W3SVC1", *ROWS), log(r"south\W3SVC1", *OTHERS), True),
        (log(r"north.zip\IIS_W3SVC1_Logs.zip", *ROWS), log(r"south.zip\IIS_W3SVC1_Logs.zip", *OTHERS), True),
        (log(r"C:\logs", *ROWS), log(r"south\C\logs", *OTHERS), True),
        (log(r"C:\logs", *ROWS), log(r"south\C\other", *OTHERS), False),  # two sites may have such folders
        (log(r"north\W3SVC1", *ROWS), log(r"north\W3SVC2", *OTHERS), False),
        (log(r"now\W3SVC1", *ROWS), log(r"before\W3SVC1", *ROWS[:3]), False),
        (log(r"now\W3SVC1", *ROWS), log(r"before\W3SVC1", *ROWS[:3], ROWS[3][:-3]), False),  # cut as it was copied
        (log(r"now\W3SVC1", *ROWS), log(r"searched\W3SVC1", *ROWS[1::2]), False),
        (log(r"before\W3SVC1", *ROWS[:3]), log(r"moved\W3SVC1", *OTHERS[3:]), False),
        (log(r"a\W3SVC1", *ROWS), log(r"b\W3SVC1", *(row[:30] for row in ROWS), fields="date time s-ip"), False),
        (log(r"a\W3SVC1", *ROWS), log(r"b\W3SVC1"), False),
        (log(r"a\W3SVC1", *QUERIES, fields=WITH_QUERY), log(r"b\W3SVC1", *ROWS), False),
        (log(r"a\W3SVC1", *QUERIES, fields=WITH_QUERY), log(r"b\W3SVC1", *OTHERS), True),
        (log(r"a\W3SVC1", *ROWS), log(r"b\W3SVC1", *TYPED_AGAIN), False),
        (log(r"a\W3SVC1", SHOWN, *ROWS), log(r"b\W3SVC1", SHOWN.replace("\xfc", "?"), *ROWS), False),
    ],
)
def test_two_servers_each_log_what_the_other_does_not(one: Artefact, other: Artefact, several: bool) -> None:
    folders = tuple(log.file.path.rpartition("\\")[0] for log in (one, other)) if several else ()
    assert folders_of_other_servers([one, other]) == folders
