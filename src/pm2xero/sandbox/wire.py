"""JSON as Xero writes and reads it: exact decimals, `/Date(ms+0000)/`, dates sent in three ways."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import msgspec
import orjson

from pm2xero.sandbox.problems import Invalid, post_data_invalid

Wire = dict[str, Any]

ZERO_ID = "00000000-0000-0000-0000-000000000000"
LARGEST_AMOUNT = Decimal("9999999999.99")

# Integers beyond 64 bits cannot be written back as integers.
_DECODER = json.JSONDecoder(
    parse_float=Decimal, parse_int=lambda text: int(text) if len(text) < 19 else Decimal(text)
)
_STORED = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_LONG_NUMBER = re.compile("[0-9]{19}")
_CENT = Decimal("0.01")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
_ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?")


def parse_body(body: bytes) -> Any:
    """The JSON value of a request body, fractions as Decimal.

    Raises:
        Problem: 400 PostDataInvalidException when it is no JSON.
    """
    try:
        text = body.decode("utf-8-sig")
        parsed = _DECODER.decode(text)
        if "\\ud" in text.lower():
            # Half a surrogate pair is valid JSON but no text that could be stored or answered.
            json.dumps(parsed, ensure_ascii=False, default=str).encode()
    except (ValueError, RecursionError) as error:
        raise post_data_invalid(f"The body is not valid JSON: {error}") from error
    return parsed


def parse_stored(text: str) -> Wire:
    """A JSON object that `dump_text` wrote."""
    stored: Wire = (_DECODER if _LONG_NUMBER.search(text) else _STORED).decode(text)
    return stored


def dump(value: object) -> bytes:
    """JSON with decimals as numbers, digit for digit, and dates as `/Date(ms+0000)/`."""
    return orjson.dumps(value, default=_encode, option=orjson.OPT_PASSTHROUGH_DATETIME)


def dump_text(value: Mapping[str, Any]) -> str:
    """`dump` for a column of the store; dates must already be ISO text."""
    return orjson.dumps(value, default=_encode).decode()


def _encode(value: object) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f").encode())
    if isinstance(value, date):
        return ms_date(value)
    raise TypeError(f"{type(value).__name__} has no place in a Xero answer")


@lru_cache(maxsize=4096)
def ms_date(value: date) -> str:
    """`/Date(ms+0000)/`; a plain date stands for its midnight in UTC."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time(tzinfo=UTC))
    return f"/Date({(value - _EPOCH) // timedelta(milliseconds=1)}+0000)/"


def date_string(value: date) -> str:
    """The form of DateString and DueDateString."""
    return f"{value.isoformat()}T00:00:00"


def parse_date(value: object) -> date:
    """A date sent as `YYYY-MM-DD`, with `T` and a time, or as `/Date(ms)/`.

    Raises:
        Problem: 400 PostDataInvalidException for anything else, as Xero answers a date-time
            with a space in it.
    """
    text = str(value)
    try:
        if match := _ISO_DATE.fullmatch(text):
            return date.fromisoformat(match[1])
        if match := _MS_DATE.fullmatch(text):
            return (_EPOCH + timedelta(milliseconds=int(match[1]))).date()
    except (ValueError, OverflowError):
        pass
    raise post_data_invalid(f"The string '{text}' is not a valid AllXsd value.")


def parse_moment(value: object) -> datetime | None:
    """The moment of `/Date(ms)/`; None for anything else."""
    match = _MS_DATE.fullmatch(value) if isinstance(value, str) else None
    try:
        return _EPOCH + timedelta(milliseconds=int(match[1])) if match else None
    except OverflowError:
        return None


def date_of(element: Mapping[str, Any], field: str) -> date | None:
    """`field`, or its twin `fieldString`, of a sent element; None when neither is there."""
    for name in (field, f"{field}String"):
        if element.get(name) not in (None, ""):
            return parse_date(element[name])
    return None


def text_of(element: Mapping[str, Any], field: str, longest: int = 255) -> str | None:
    """A text field of a sent element, None when absent or empty.

    Raises:
        Invalid: longer than `longest` characters.
    """
    value = element.get(field)
    if value is None or value == "":
        return None
    text = str(value)
    if len(text) > longest:
        raise Invalid(f"The {field} must not be longer than {longest} characters")
    return text


def decimal_of(element: Mapping[str, Any], field: str) -> Decimal | None:
    """A number field of a sent element, as a JSON number or a string; None when absent.

    Raises:
        Problem: 400 PostDataInvalidException when it is no number.
    """
    value = element.get(field)
    if value is None or value == "":
        return None
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation as error:
        raise post_data_invalid(f"{field} '{value}' is not a number") from error
    if isinstance(value, bool) or not number.is_finite() or not _is_sensible(number):
        raise post_data_invalid(f"{field} '{value}' is not a number")
    return number


def object_of(element: Mapping[str, Any], field: str) -> Wire:
    """An object in a sent element, empty when absent.

    Raises:
        Problem: 400 PostDataInvalidException when it is something else.
    """
    value = element.get(field) or {}
    if not isinstance(value, dict):
        raise post_data_invalid(f"{field} is no object")
    return value


def objects_of(element: Mapping[str, Any], field: str) -> list[Wire]:
    """A list of objects in a sent element, empty when absent.

    Raises:
        Problem: 400 PostDataInvalidException when it is something else.
    """
    value = element.get(field) or []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise post_data_invalid(f"{field} is no list of objects")
    return value


def _is_sensible(number: Decimal) -> bool:
    """Whether products of such numbers still fit the precision that amounts are computed with."""
    exponent = number.as_tuple().exponent
    return number.adjusted() < 12 and isinstance(exponent, int) and -24 <= exponent < 12


def rounded(amount: Decimal, places: int = 2) -> Decimal:
    """Half away from zero, as Xero rounds money."""
    return amount.quantize(_CENT if places == 2 else Decimal(1).scaleb(-places), ROUND_HALF_UP)


def cents(amount: Decimal) -> int:
    """Whole cents of an amount.

    Raises:
        ValueError: it has fractions of a cent.
    """
    count = int(amount.scaleb(2))
    if count != amount.scaleb(2):
        raise ValueError(f"{amount} has fractions of a cent")
    return count


def from_cents(count: int) -> Decimal:
    """The amount with two places that `cents` counted."""
    return _CENT * count
