from __future__ import annotations

import pytest

from tests.trace.programs import INDEPENDENT, ORIGINAL, background, source
from waspglass.trace.calibration import load_calibration
from waspglass.trace.commons import load_commons
from waspglass.trace.reader import Reader
from waspglass.trace.result import Comparison
from waspglass.trace.template import one_template
from waspglass.trace.trace import trace
from waspglass.trace.verdict import Verdict

SUITE = """
import pytest
from framework.test import TestCase
from framework.urls import reverse
from shop.models import Order


class OrderViewTests(TestCase):
    def setUp(self):
        self.order = Order.objects.create(name="first", active=True)
        self.url = reverse("order-detail", args=[self.order.pk])

    def test_list_is_empty_at_first(self):
        Order.objects.all().delete()
        response = self.client.get(reverse("order-list"))
        self.assertEqual(response.status_code, 200)
        self.assertContains(response, "No orders")
        self.assertQuerySetEqual(response.context["order_list"], [])

    def test_detail(self):
        response = self.client.get(self.url)
        self.assertEqual(response.status_code, 200)
        self.assertContains(response, self.order.name)

    def test_create(self):
        response = self.client.post(reverse("order-create"), {"name": "second", "active": False, "limit": 17})
        self.assertEqual(response.status_code, 302)
        self.assertTrue(Order.objects.filter(name="second").exists())

    def test_update(self):
        response = self.client.post(self.url, {"name": "third", "active": True, "limit": 23, "note": "late"})
        self.assertEqual(response.status_code, 302)
        self.order.refresh_from_db()
        self.assertEqual(self.order.name, "third")
        self.assertEqual((self.order.limit, self.order.note), (23, "late"))

    def test_delete(self):
        response = self.client.post(reverse("order-delete", args=[self.order.pk]))
        self.assertRedirects(response, reverse("order-list"))
        self.assertFalse(Order.objects.filter(pk=self.order.pk).exists())

    def test_pages(self):
        names = [f"name {number}" for number in range(45)]
        Order.objects.bulk_create([Order(name=name, active=name.endswith("4")) for name in names])
        for page, count in ((1, 20), (2, 20), (3, 5)):
            response = self.client.get(reverse("order-list"), {"page": page})
            self.assertEqual(len(response.context["page"]), count)
            self.assertContains(response, f"Page {page} of 3")
"""
OTHERS = {"Order": "Ticket", "order": "ticket"}


def put(text: str, words: dict[str, str]) -> str:
    for word, other in words.items():
        text = text.replace(word, other)
    return text


def compared(one: str, other: str, count: int = 0) -> Comparison:
    around = background(count) if count else []
    result = trace(
        [source("a.py", one)], [source("b.py", other)], around, calibration=load_calibration(), commons=load_commons()
    )
    return result.comparisons[0]


@pytest.mark.parametrize("words", [OTHERS, {"Order": "Holder", "order": "holder"}, {"Order": "User", "order": "user"}])
def test_one_test_suite_filled_in_for_two_subjects_is_not_derived_without_a_background(words: dict[str, str]) -> None:
    best = compared(put(SUITE, words), SUITE)
    assert (best.verdict, best.reasons[0]) == (Verdict.CANNOT_TELL, "structure_open")
    assert all(part.verdict is Verdict.CANNOT_TELL for part in best.parts)


CALLS = "def first(a):\n    return {}\n"


@pytest.mark.parametrize(
    ("names", "one"),
    [
        ("[load_order(a), orders(a), reorder(a), order_list]", True),  # never alone
        ("[load_order(a), orders(a), order(a)]", False),  # in two longer names
        ("[order(a), order + a, order[a]]", False),
        ("[load_order(a), orders(a), reorder(a), order(a), a + a]", False),  # another name changed, too
    ],
)
def test_the_subject_stands_inside_of_three_names_that_are_longer_than_the_shortest(names: str, one: bool) -> None:
    left = CALLS.format(names)
    right = left.replace("order", "holder").replace("a + a", "a + first")
    assert one_template(source("a.py", left), source("b.py", right), Reader(), 1.0) is one


def test_a_tool_under_another_name_is_derived_for_a_template_is_small() -> None:
    tool = SUITE + INDEPENDENT[0]
    assert compared(put(tool, OTHERS), tool).verdict is Verdict.DERIVED


def test_which_of_two_is_given_first_does_not_matter() -> None:
    short = put(SUITE, {"Order": "E", "order": "e"})  # a letter that stands in other words, too
    assert compared(short, SUITE).reasons == compared(SUITE, short).reasons == ("structure_open",)


def test_what_differs_in_more_than_its_subject_is_derived() -> None:
    for changed in ("# changed\n", "x = 1\n"):
        assert compared(SUITE + changed, SUITE).verdict is Verdict.DERIVED


def test_beside_a_background_that_has_no_such_suite_it_is() -> None:
    assert compared(put(SUITE, OTHERS), SUITE, 12).verdict is Verdict.DERIVED


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SUITE, {}),
        (SUITE, {"response": "answer"}),  # a variable
        (SUITE, {"response": "answer", **OTHERS}),
        (SUITE, {"302": "303", **OTHERS}),
        (ORIGINAL, {"litres": "amount"}),  # stands in few longer names
        (SUITE, {"def test_pages(self):": "def test_pages(self, limit=3):", **OTHERS}),
        (SUITE, {"name": "", **OTHERS}),
        (SUITE, {"assert": ""}),  # taken away
    ],
)
def test_whatever_else_was_changed_is_no_filling_in(text: str, words: dict[str, str]) -> None:
    assert not one_template(source("a.py", put(text, words)), source("b.py", text), Reader(), 1.0)
