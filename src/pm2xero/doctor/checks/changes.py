"""What lists tell of changes and of their own length."""

from __future__ import annotations

from datetime import timedelta

from pm2xero.doctor.checks.check import Told, check
from pm2xero.doctor.checks.shown import count, payment_of
from pm2xero.doctor.trial import Trial
from pm2xero.xero.client import Response


def _since(trial: Trial, days: int, form: str) -> Response:
    moment = trial.day + timedelta(days=days)
    headers = {"If-Modified-Since": moment.strftime(form)}
    return trial.get("/Invoices", {"page": "1", "pageSize": "1"}, headers)


_ISO, _HTTP = "%Y-%m-%dT00:00:00", "%a, %d %b %Y 00:00:00 GMT"


@check
def tells_changes_since(trial: Trial) -> Told:
    trial.create("Invoices", trial.invoice())
    before, after = _since(trial, -2, _ISO), _since(trial, 2, _ISO)
    found = [count(answer) for answer in (before, after)]
    return Told(found[0] > 0 and found[1] == 0, f"{found[0]} since, {found[1]} since later")


@check
def tells_changes_since_by_http_date(trial: Trial) -> Told:
    trial.create("Invoices", trial.invoice())
    found = [count(_since(trial, days, _HTTP)) for days in (-2, 2)]
    return Told(found[0] > 0 and found[1] == 0, f"{found[0]} since, {found[1]} since later")


@check
def answers_no_change_by_an_empty_list(trial: Trial) -> Told:
    answer = _since(trial, 2, _ISO)
    return Told(answer.status == 200, f"HTTP {answer.status}")


@check
def counts_the_whole_list(trial: Trial) -> Told:
    for _ in range(2):
        trial.create("Invoices", trial.invoice())
    counts = [count(trial.get("/Invoices", {"page": page, "pageSize": "1"})) for page in ("1", "2")]
    return Told(counts[0] == counts[1] >= 2, f"{counts[0]} on page 1, {counts[1]} on page 2")


@check
def moves_the_mark_of_a_paid_invoice(trial: Trial) -> Told:
    made = trial.create("Invoices", trial.invoice())
    paid = trial.create("Payments", payment_of(trial, made["InvoiceID"], "10.00"))
    after = trial.one("Invoices", str(made["InvoiceID"]))
    moved = str(after.get("UpdatedDateUTC")) >= str(paid.get("UpdatedDateUTC"))
    return Told(moved, f"updated {after.get('UpdatedDateUTC')}, paid {paid.get('UpdatedDateUTC')}")


@check
def ignores_capitals_in_filters(trial: Trial) -> Told:
    trial.create("Invoices", trial.invoice())
    where = f'Reference.StartsWith("{trial.mark.swapcase()}")'
    answer = trial.get("/Invoices", {"where": where, "page": "1"})
    return Told(count(answer) > 0, f"{count(answer)} found in other capitals")


@check
def leaves_lines_out_of_summaries(trial: Trial) -> Told:
    trial.create("Invoices", trial.invoice())
    answer = trial.get("/Invoices", {"summaryOnly": "true", "page": "1", "pageSize": "1"})
    items = (answer.json or {}).get("Invoices") or [{}]
    lines = items[0].get("LineItems")
    return Told(not lines, "left out" if not lines else "there")
