"""What each value of the connector API's enumerations means, for the reference."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: What each value of an enumeration means.
OF_VALUES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "CaseKind": {
            "listing": "a flagged listing",
            "proof": "the documents that a seller sent as proof of authenticity",
            "appeal": "an appeal against a decision",
        },
        "CaseState": {
            "open": "can be claimed",
            "leased": "somebody has it in hand",
            "decided": "a decision stands",
            "escalated": "a lead must decide",
            "awaiting_proof": "the seller was asked for proof",
            "withdrawn": "left the queue without a decision",
        },
        "DecisionKind": {
            "takedown": "the listing goes; with complaints, one is filed",
            "warn": "the listing stays, the seller is warned",
            "restrict": "the seller is restricted",
            "clear": "the listing stays, nothing is wrong",
            "escalate": "a lead must decide",
            "request_proof": "the seller must show a proof of authenticity",
            "withdraw": "takes back the decision that it supersedes, and reopens the case",
            "uphold": "on an appeal alone: the decision that is appealed against stands",
        },
        "FlagSource": {
            "automated": "a check by a program",
            "rights_holder": "the owner of a right, or an agent",
            "trusted_flagger": "a trusted flagger (DSA Art. 22)",
            "authority": "an authority, such as customs",
            "consumer": "a buyer",
            "staff": "the marketplace's own people",
        },
        "MeasureKind": {
            "listing_removed": "the listing can't be bought any more",
            "listing_hidden": "the listing is hidden in some territories",
            "seller_warned": "the seller is told",
            "seller_restricted": "the seller may not sell some things, for a time or for ever",
            "account_suspended": "the account is closed for a time",
            "account_closed": "the account is closed for good",
            "refund_advised": "buyers should be refunded",
        },
        "ReceiptStatus": {
            "accepted": "carried out",
            "duplicate": "was carried out before: the same decision came again",
            "deferred": "not kept: send it again later",
            "stale": "the listing changed, or another decision stands",
            "lease_lost": "somebody else has the case",
            "gone": "there is nothing to decide any more",
            "rejected": "refused, with the reason in `detail`",
            "conflict": "another decision is known under this id",
        },
        "Standing": {
            "active": "sells freely",
            "warned": "was warned",
            "restricted": "may not sell some things",
            "suspended": "may not sell for a time",
            "banned": "may not sell any more",
        },
    }
)
