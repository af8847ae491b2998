"""What is known of each account in memory: rules, marketplaces, state, and words for the banners."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from reviewer.connectors.api import Marketplace, Service
from reviewer.domain.listing import CategoryPrice
from reviewer.domain.server import reach_of
from reviewer.policy.policy import Policy
from reviewer.services.changes import Notifier
from reviewer.services.deck import AccountView
from reviewer.services.model import AccountStatus, Banner, Names
from reviewer.storage.accounts import AccountRow

#: A server whose time differs by more than this gets a banner; nothing else depends on it.
CLOCK_S = 300.0
_NOTICE_S = 60.0


class AccountBook:
    """Safe on any thread."""

    def __init__(
        self, notifier: Notifier, policy_of: Callable[[str], Policy | None], clock: Callable[[], float],
        now: Callable[[], datetime], prices_of: Callable[[str], tuple[CategoryPrice, ...]] = lambda _: (),
    ) -> None:  # fmt: skip
        self._notifier = notifier
        self._policy_of = policy_of
        self._clock = clock
        self._now = now
        self._prices_of = prices_of
        self._lock = threading.Lock()
        self._views: dict[str, AccountView] = {}
        self._reviewers: dict[str, str] = {}
        self._statuses: dict[str, AccountStatus] = {}
        self._skews: dict[str, float] = {}
        self._notices: dict[str, tuple[float, Banner]] = {}
        self._mirrored: set[str] = set()

    def add(self, row: AccountRow, house_policy: Policy) -> None:
        """An account comes into use, with what was known of it the last time."""
        policy = self._policy_of(row.id) or house_policy
        service, prices = row.service, _by_category(self._prices_of(row.id))
        with self._lock:
            self._views[row.id] = AccountView(
                policy, _marketplaces(service), _capabilities(service), reach_of(service), prices
            )
            self._reviewers[row.id] = service.reviewer_id if service else ""

    def drop(self, account: str) -> None:
        """An account goes out of use."""
        with self._lock:
            self._statuses.pop(account, None)
            self._skews.pop(account, None)

    def connected(self, account: str, service: Service) -> None:
        """The server said who it is and what time it is."""
        skew = (service.server_time - self._now()).total_seconds()
        with self._lock:
            self._reviewers[account] = service.reviewer_id
            view = self._views[account]
            self._views[account] = replace(
                view,
                marketplaces=_marketplaces(service),
                capabilities=_capabilities(service),
                reach=reach_of(service),
            )
            self._skews[account] = skew

    def set_policy(self, account: str, policy: Policy) -> None:
        """The rules in force at an account."""
        with self._lock:
            self._views[account] = replace(self._views[account], policy=policy)

    def set_prices(self, account: str, prices: tuple[CategoryPrice, ...]) -> None:
        """The usual prices of an account's categories."""
        with self._lock:
            self._views[account] = replace(self._views[account], prices=_by_category(prices))

    def policy_version(self, account: str) -> str:
        """The version that is kept for an account; empty where only the house's own rules are known."""
        kept = self._policy_of(account)
        return kept.version if kept else ""

    def set_status(self, status: AccountStatus) -> None:
        """How it stands with an account; tells everyone."""
        with self._lock:
            self._statuses[status.account] = status
        self._notifier.publish("status", "desk", "accounts", origin="account")

    def mirrored(self, account: str) -> None:
        """The whole queue of an account was read."""
        with self._lock:
            first = account not in self._mirrored
            self._mirrored.add(account)
        if first:
            self._notifier.publish("queue", "status", origin="account")

    def view(self, account: str) -> AccountView:
        """Rules and marketplaces of an account."""
        with self._lock:
            return self._views[account]

    def names(self) -> Names:
        """What the marketplaces and grounds of all accounts are called."""
        with self._lock:
            views = tuple(self._views.values())
        return Names(
            {row.id: row.name for view in views for row in view.marketplaces.values() if row.name},
            {ground.id: ground.title for view in views for ground in view.policy.grounds if ground.title},
        )

    def reviewer(self, account: str) -> str:
        """Who reviews at an account; empty before it was first connected."""
        with self._lock:
            return self._reviewers.get(account, "")

    def reviewers(self) -> dict[str, str]:
        """Who reviews, by account."""
        with self._lock:
            return dict(self._reviewers)

    def statuses(self) -> tuple[AccountStatus, ...]:
        """All accounts in use."""
        with self._lock:
            return tuple(self._statuses.values())

    def say(self, notice_id: str, severity: str, text: str) -> None:
        """Show a banner for a minute."""
        with self._lock:
            self._notices[notice_id] = (self._clock() + _NOTICE_S, Banner(notice_id, severity, text))
        self._notifier.publish("status", origin="account")

    def banners(self) -> tuple[Banner, ...]:
        """What the reviewer must know now."""
        found: list[Banner] = []
        with self._lock:
            at = self._clock()
            self._notices = {key: row for key, row in self._notices.items() if row[0] > at}
            for status in self._statuses.values():
                if status.state == "sign_in":
                    found.append(Banner(f"sign_in:{status.account}", "error", status.error, "sign_in"))
                elif status.state == "failed":
                    found.append(Banner(f"failed:{status.account}", "error", status.error, "open_accounts"))
                elif status.state == "offline":
                    words = f"{status.name} is offline: {status.error} You can go on with the cases that lie here."
                    found.append(Banner(f"offline:{status.account}", "warning", words, "retry"))
            for account, skew in self._skews.items():
                if abs(skew) > CLOCK_S:
                    words = (
                        f"This computer's clock and that of the server differ by {abs(skew) / 60:,.0f} minutes. "
                        "Set the clock; nothing else is affected."
                    )
                    found.append(Banner(f"clock:{account}", "warning", words))
            found += [banner for _, banner in list(self._notices.values())[-3:]]
        return tuple(found)


def _by_category(prices: tuple[CategoryPrice, ...]) -> dict[tuple[str, str], CategoryPrice]:
    return {(one.category, one.middle.currency or ""): one for one in prices}


def _capabilities(service: Service | None) -> frozenset[str]:
    return frozenset(service.capabilities) if service is not None else frozenset()


def _marketplaces(service: Service | None) -> dict[str, Marketplace]:
    return {row.id: row for row in service.marketplaces} if service else {}
