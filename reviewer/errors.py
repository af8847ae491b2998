"""The two kinds of failure, told apart by who must act.

An `OperatorError` can be mended by the person at the desk or by whoever runs the server; its message
says who must do what, and it is shown as it is.  A `BugError` is ours to mend; it is shown with an
invitation to copy the diagnostics.
"""


class OperatorError(Exception):
    """Something that a person can mend.

    `str(error)` is one or two plain sentences for the window: what happened and who must do what.
    `detail` is for the log and the diagnostics (no tokens, no personal data).
    """

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class BugError(Exception):
    """A promise of our own code that does not hold."""
