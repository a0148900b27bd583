"""The folder of a site, and whose end a request at another site tells."""

from __future__ import annotations

import pytest

from tests.examine.test_assess import finding
from waspglass.examine.sites import of_another_site, site_of
from waspglass.model.finding import Effect, Rung

ONE = r"C:\inetpub\logs\LogFiles\W3SVC1"


@pytest.mark.parametrize("packed", ["u_ex210303.zip", "2021-03.tar.gz", "old.tgz", "old.tar"])
def test_a_log_that_was_packed_in_the_folder_of_its_site_is_of_that_site(packed: str) -> None:
    assert site_of(rf"{ONE}\{packed}\u_ex210303.log") == ONE.lower()
    assert site_of(rf"W3SVC1\{packed}\u_ex210303.log") == "w3svc1"


@pytest.mark.parametrize(
    "folder", [rf"{ONE}\2021-03", r"C:\W3SVC1.zip", r"C:\IIS_W3SVC1_Logs.zip", r"C:\xw3svc1\a.zip"]
)
def test_other_folders_are_what_they_are(folder: str) -> None:
    assert site_of(rf"{folder}\u_ex210303.log") == folder.lower()


@pytest.mark.parametrize(("site", "another"), [("W3SVC1", False), ("W3SVC7", True)])
def test_whether_logs_were_packed_does_not_change_whose_end_it_is(site: str, another: bool) -> None:
    sign = finding(Rung.USED, "2021-03-05", subject="/a.aspx")
    sign = sign.model_copy(update={"source": r"C:\LogFiles\W3SVC1\u_ex210305.zip\u_ex210305.log"})
    end = finding(Rung.USED, "2021-03-08", Effect.ENDS, subject="/a.aspx")
    end = end.model_copy(update={"source": rf"C:\LogFiles\{site}\u_ex210308.zip\u_ex210308.log"})
    assert of_another_site(end, [sign]) is another
