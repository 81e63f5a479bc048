"""Errors that a user is meant to read: one line that says what is wrong and what to do."""


class CampaignsError(Exception):
    """A failure with a readable message and the exit code of DESIGN.md (1 failed, 2 usage)."""

    exit_code = 1


class UsageError(CampaignsError):
    """The command line or a setting is wrong; nothing was started."""

    exit_code = 2
