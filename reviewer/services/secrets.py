"""Tokens: in the system's keyring; where there is none, for this run of the program only."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

import keyring
from keyring.errors import KeyringError

_SERVICE = "reviewer-workstation"
_log = logging.getLogger(__name__)


class Secrets:
    """The secret settings of accounts.  Blocking: the keyring may ask the person.  Never on the window's thread."""

    def __init__(self, scope: str) -> None:
        self._scope = scope
        self._session: dict[str, dict[str, str]] = {}

    def save(self, account: str, values: Mapping[str, str]) -> bool:
        """Keep an account's secrets.  False where they are kept for this run only."""
        self._session[account] = dict(values)
        try:
            keyring.set_password(_SERVICE, self._name(account), json.dumps(dict(values)))
        except KeyringError as error:
            _log.warning("no keyring (%s): tokens are kept for this run only", type(error).__name__)
            return False
        return True

    def hold(self, account: str, values: Mapping[str, str]) -> None:
        """Keep an account's secrets for this run only."""
        self._session[account] = dict(values)

    def load(self, account: str) -> dict[str, str]:
        """An account's secrets; empty where none are kept."""
        if account in self._session:
            return dict(self._session[account])
        try:
            kept = keyring.get_password(_SERVICE, self._name(account))
        except KeyringError:
            return {}
        if not kept:
            return {}
        try:
            values = json.loads(kept)
        except ValueError:
            return {}
        self._session[account] = {str(key): str(value) for key, value in values.items()}
        return dict(self._session[account])

    def forget(self, account: str) -> None:
        """Drop an account's secrets everywhere."""
        self._session.pop(account, None)
        try:
            keyring.delete_password(_SERVICE, self._name(account))
        except KeyringError:
            return

    def _name(self, account: str) -> str:
        return f"{self._scope}:{account}"


def keyring_problem() -> str:
    """Empty where the system's keyring works, else why not."""
    try:
        keyring.get_password(_SERVICE, "probe")
    except KeyringError as error:
        return str(error) or type(error).__name__
    return ""
