"""Contacts as platforms ask for them, by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bestiary.publish.audience_hash import Contact, contact_of, email, holds_address, phone, written

# printf jane.doe@example.com | sha256sum, and so on
JANE = "86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d"
WITH_PLUS = "42d573cfc315801d4cd8eddd5416b416a0bf298b9b9e12d6b07442c91db42bd8"
DIGITS = "8a3e7886c9335e82e02299fa3e87b46e2de3b0c63d56003e30a5029394a47661"
NO_ADDRESSES = ("", "jane", "@example.com", "jane@", "jane@example", "a@b@c.fr", "<j@x.fr>", "j@x.", "j@x,fr")
NO_NUMBERS = ("", "0612345678", "(212) 565-0000", "+33", "+0612345678", "+1234567890123456", "+33 six")


def test_an_address_is_trimmed_and_in_lower_case_before_it_is_hashed() -> None:
    for text in ("jane.doe@example.com", " Jane.Doe@Example.COM \n", "jane. doe@example.com"):
        assert written(text, "email", plain=False, plus=True) == JANE
    assert written(" Jane.Doe@Example.COM", "email", plain=True, plus=True) == "jane.doe@example.com"


@pytest.mark.parametrize(
    "text", ["", "jane", "@example.com", "jane@", "jane@example", "a@b@c.fr", "<j@x.fr>", "j@x.", "j@x,fr"]
)
def test_what_is_no_address_is_not_written(text: str) -> None:
    assert email(text) is None
    assert written(text, "email", plain=False, plus=True) is None
    assert written(text, "email", plain=True, plus=True) is None


@pytest.mark.parametrize(
    "text", ["+33 6 12 34 56 78", "0033 612345678", "+33 (0)6.12.34.56.78", "+33-6-12-34-56-78", "+33\u00a0612345678"]
)
def test_a_number_is_as_e164_has_it(text: str) -> None:
    assert phone(text) == "+33612345678"
    assert written(text, "phone", plain=False, plus=True) == WITH_PLUS
    assert written(text, "phone", plain=False, plus=False) == DIGITS


@pytest.mark.parametrize(
    "text", ["", "0612345678", "(212) 565-0000", "+33", "+0612345678", "+1234567890123456", "+33 six"]
)
def test_a_number_without_its_country_is_not_written(text: str) -> None:
    assert phone(text) is None


@pytest.mark.parametrize("kind", ["email", "phone"])
def test_a_hash_stays(kind: Contact) -> None:
    assert written(JANE.upper(), kind, plain=False, plus=False) == JANE
    assert written(f" {JANE} ", kind, plain=True, plus=True) == JANE
    assert written(JANE[1:], kind, plain=False, plus=True) is None
    assert written(None, kind, plain=False, plus=True) is None


@given(st.text(), st.sampled_from(["email", "phone"]), st.booleans())
def test_what_is_hashed_never_shows(text: str, kind: Contact, plus: bool) -> None:
    found = written(text, kind, plain=False, plus=plus)
    assert found is None or len(found) == 64


def test_columns_are_known_by_their_names() -> None:
    told = {"email": "email", "E-mail": "email", "email_sha256": "email", "courriel": "email", "Phone": "phone"}
    told |= {"tel": "phone", "mobile_phone": "phone", "customer_tel": "phone"}
    assert {name: contact_of(name) for name in told} == told
    assert [contact_of(name) for name in ("hotel", "name", "automobile", "telling")] == [None] * 4


def test_an_address_is_seen_in_any_text() -> None:
    assert holds_address("Jane <jane@example.com>, by phone")
    assert not holds_address("@home at 5 a.m.")
