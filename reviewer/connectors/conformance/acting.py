"""Steps on what a connector sends out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from reviewer.connectors.api import Connector, DecisionKind, LeasedCase, ReceiptStatus, Unavailable
from reviewer.connectors.conformance.bench import Bench, Exempt, expect_error, require

_TAKEN = (ReceiptStatus.ACCEPTED, ReceiptStatus.DUPLICATE)


def act_twice(bench: Bench) -> None:
    """The same decision sent again is answered `duplicate` and has no second effect."""
    bench.needs("submit")
    with bench.opened() as connector:
        outgoing = bench.decided(bench.take(connector))
        bench.accepted(connector, outgoing)
        again = bench.submit(connector, outgoing)[0]
        require(again.status is ReceiptStatus.DUPLICATE, f"the same decision again was answered {again.status.value}")
    with bench.opened("after-a-restart") as connector:  # another process: what it remembers must be at the server
        again = bench.submit(connector, outgoing)[0]
        require(
            again.status is ReceiptStatus.DUPLICATE,
            f"the same decision after a restart was answered {again.status.value}",
        )


def act_then_timeout(bench: Bench) -> None:
    """Where the answer is lost, `Unavailable`; sent again, the decision is there once."""
    bench.needs("submit")
    with bench.behind("pass") as (connector, relay):
        outgoing = bench.decided(bench.take(connector))
        relay.mode = "deaf"
        expect_error(lambda: connector.submit([outgoing]), Unavailable, doing="submit() whose answer is lost")
        require(relay.lost, "submit() changed nothing at the server")
        relay.mode = "pass"
        receipt = bench.submit(connector, outgoing)[0]
        require(receipt.status in _TAKEN, f"sent again it was answered {receipt.status.value}: {receipt.detail}")
        again = bench.submit(connector, outgoing)[0]
        require(again.status is ReceiptStatus.DUPLICATE, f"the third time it was answered {again.status.value}")


def each_its_own(bench: Bench) -> None:
    """Each decision of a batch has its own receipt: one that is refused holds up no other."""
    bench.needs("submit")
    bench.add(), bench.add()
    with bench.opened() as connector:
        good, bad = bench.take(connector), bench.take(connector)
        stale = replace(bad, case=replace(bad.case, listing=replace(bad.case.listing, revision="never-seen")))
        receipts = bench.submit(connector, bench.decided(stale), bench.decided(good))
        require(
            [row.status in _TAKEN for row in receipts] == [False, True],
            f"a bad and a good decision were answered {[row.status.value for row in receipts]}",
        )


@contextmanager
def _afterwards(bench: Bench, happens: Callable[[str], None], what: str) -> Iterator[tuple[Connector, LeasedCase]]:
    """A claimed case to whose listing something happened since."""
    name, title = bench.add()
    with bench.opened() as connector:
        item = bench.take(connector, title)
        try:
            happens(name)
        except NotImplementedError as error:
            raise Exempt(f"the stand can't {what} a listing: {error}", inherent=False) from error
        yield connector, item


def stale_listing(bench: Bench) -> None:
    """A decision on a listing that changed since is `stale`, and has no effect."""
    bench.needs("submit")
    with _afterwards(bench, bench.stand.edit, "change") as (connector, item):
        receipt = bench.submit(connector, bench.decided(item))[0]
        require(
            receipt.status is ReceiptStatus.STALE,
            f"a decision on a listing that changed was answered {receipt.status.value}",
        )


def gone_listing(bench: Bench) -> None:
    """A decision on a case that is not there is answered `gone`, `stale`, `lease_lost` or `rejected`."""
    bench.needs("submit")
    with _afterwards(bench, bench.stand.remove, "remove") as (connector, item):
        lost = replace(item, case=replace(item.case, id=f"{item.case.id}-nowhere"))
        receipts = bench.submit(connector, bench.decided(lost), bench.decided(item))
        require(
            receipts[0].status not in _TAKEN,
            f"a decision on a case that nobody knows was answered {receipts[0].status.value}",
        )
        require(
            receipts[1].status is not ReceiptStatus.DEFERRED,
            "a decision on a listing that is gone was answered deferred: it would be sent for ever",
        )


def fence(bench: Bench) -> None:
    """A decision with somebody else's lease is `lease_lost`."""
    bench.needs("submit")
    bench.needs("leases")
    with bench.opened() as connector:
        item = bench.take(connector)
        stolen = replace(item, lease=replace(item.lease, token=item.lease.token + 7))
        receipt = bench.submit(connector, bench.decided(stolen))[0]
        require(receipt.status is ReceiptStatus.LEASE_LOST, f"a stolen lease was answered {receipt.status.value}")


def reversal(bench: Bench) -> None:
    """A decision is withdrawn by one that supersedes it; the case can be claimed again, the listing is as before."""
    bench.needs("submit")
    if not bench.carries_out(DecisionKind.WITHDRAW):
        raise Exempt("does not carry out withdraw")
    name, title = bench.add()
    kind = DecisionKind.TAKEDOWN if bench.carries_out(DecisionKind.TAKEDOWN) else bench.kind()
    with bench.opened() as connector:
        item = bench.take(connector, title)
        before = bench.state(name)
        first = bench.decided(item, kind)
        bench.accepted(connector, first)
        removed = bench.state(name)
        if kind is DecisionKind.TAKEDOWN and before and bench.told.effect == "change":
            require(removed == "removed", f"after a takedown the marketplace shows the listing as {removed}")
        if before and bench.told.effect == "complaint":
            require(removed == before, f"a complaint is filed and not ruled on, and the listing is {removed}")
        no_lease = replace(item, lease=replace(item.lease, id="", token=0))
        back = bench.decided(no_lease, DecisionKind.WITHDRAW, supersedes=first.decision.id)
        bench.accepted(connector, back)
        require(bench.state(name) == before, f"after the reversal the listing is {bench.state(name)}, not {before}")
        again = bench.submit(connector, back)[0]
        require(again.status in _TAKEN, f"the reversal sent again was answered {again.status.value}")
        claim = connector.claim(1, case_ids=[item.case.id])
        require(claim.items, "after the reversal the case can't be claimed")


def every_kind(bench: Bench) -> None:
    """Each kind that is declared is carried out, but for `withdraw`, which has a promise of its own."""
    bench.needs("submit")
    for kind in DecisionKind:
        # What answers an appeal has no place here.
        if kind in (DecisionKind.WITHDRAW, DecisionKind.UPHOLD) or not bench.carries_out(kind):
            continue
        with bench.opened() as connector:
            _, title = bench.add()
            item = bench.take(connector, title)
            bench.accepted(connector, bench.decided(item, kind))
