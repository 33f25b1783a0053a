"""The one exception a person is meant to read: a clear sentence and an exit code."""


class StickgenError(Exception):
    """Something a person can fix: the message says what is wrong, where, and what to do.

    The command line prints the message alone, without a traceback, and exits with `exit_code`:
    2 for bad usage, input or config; 1 for a run that failed.
    """

    exit_code = 2


class RunFailedError(StickgenError):
    """A run that started and then failed."""

    exit_code = 1
