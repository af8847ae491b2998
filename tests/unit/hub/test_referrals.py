"""Referrals: two persons, one pack, and the hub's word for both."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from reviewer.domain.referral import ReferralWitness
from reviewer.ledger.referrals import is_referral_witness
from tests.unit.hub.conftest import Hub

PACK = "a" * 64


def told(hub: Hub, act: str, who: str = "reviewer", **changes: Any) -> Any:
    body = {"id": "r1", "digest": PACK, "seller_id": "s1", "act": act} | changes
    return hub.call("POST", "/v1/referrals", who, json=body)


def test_a_second_person_confirms_and_the_hub_vouches_for_both(hub: Hub) -> None:
    hub.open_case()
    draft = msgspec.convert(told(hub, "made").json(), ReferralWitness)
    assert draft.made_by
    assert not draft.confirmed_by
    assert is_referral_witness(draft)
    whole = msgspec.convert(told(hub, "confirmed", "lead").json(), ReferralWitness)
    assert whole.confirmed_by not in ("", whole.made_by)
    assert isinstance(whole.confirmed_at, datetime)
    assert is_referral_witness(whole)
    assert whole.key == draft.key
    assert not is_referral_witness(_as(whole, confirmed_by="somebody"))
    assert told(hub, "confirmed", "other").json()["confirmed_by"] == whole.confirmed_by
    (event,) = [e for e in hub.get("/v1/sellers/s1/dossier")["timeline"] if e["what"] == "referral"]
    assert event["kind"] == "confirmed"


def _as(found: ReferralWitness, **changes: Any) -> ReferralWitness:
    return msgspec.convert(msgspec.to_builtins(found) | changes, ReferralWitness)


def test_nobody_confirms_their_own_or_another_pack(hub: Hub) -> None:
    hub.open_case()
    assert told(hub, "made").status_code == 200
    assert told(hub, "made").status_code == 200
    own = told(hub, "confirmed")
    assert (own.status_code, own.json()["type"]) == (409, "same-person")
    for changes in ({"digest": "b" * 64}, {"seller_id": "s2"}):
        other = told(hub, "confirmed", "lead", **changes)
        assert (other.status_code, other.json()["type"]) == (409, "other-pack")
    assert told(hub, "made", "lead").json()["type"] == "other-pack"
    assert told(hub, "confirmed", "lead", id="r2").status_code == 404
    assert told(hub, "made", id="r3", seller_id="nobody").status_code == 404
    assert told(hub, "made", "service").status_code == 403
