"""Why an operation cannot go on. Callers tell errors apart by their types, and never by what a message says."""

from typing import Self


class OpsError(Exception):
    """An operation failed for a reason the user can act on. It is never raised itself: each reason has a class below.

    The command prints `message`, then `hint` (what to do next), and exits with 1; a stack trace would only hide them.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        """Keep the message and the hint apart, so that the command can set them apart."""
        super().__init__(message)
        self.message = message
        self.hint = hint

    def reworded(self, message: str, *, hint: str | None = None) -> Self:
        """The same error, of the same type and with all it knows, that says something else."""
        other = self.__class__.__new__(self.__class__)
        other.__dict__.update(self.__dict__)
        other.args, other.message, other.hint = (message,), message, hint
        return other


class BadInputError(OpsError):
    """What the user gave cannot be used: an option, a file, a setting."""


class NotConfirmedError(OpsError):
    """A question was not answered with yes, or there was nobody to ask. Nothing was changed."""


class RefusedError(OpsError):
    """`ff` does not do what was asked, since it would lose data, break a rule, or touch what is not the stack's own."""


class UnsupportedError(OpsError):
    """What was asked for is not there in this stack, cluster or engine: an external database has no superuser."""


class NotFoundError(OpsError):
    """Something that was named, or is needed, is not where it was looked for."""


class NotDeployedError(NotFoundError):
    """The stack is not in its cluster."""


class ConflictError(OpsError):
    """Somebody else is at work on it, has it, or changed it meanwhile."""


class NoAccessError(OpsError):
    """A cluster cannot be asked from here: no usable kubeconfig, no way to it, or no permission."""


class UnknownContextError(NoAccessError):
    """The kubeconfig has no context of the stack's name for it."""


class UnreachableError(NoAccessError):
    """A cluster's API server does not answer."""


class LoginRefusedError(OpsError):
    """Flagsmith or a registry does not know who asks, or does not let them."""


class AnswerError(OpsError):
    """A server answered with a refusal, or with something that cannot be used."""


class ToolError(OpsError):
    """A program of this machine, such as git or the Pulumi CLI, is missing or fails."""


class FailedError(OpsError):
    """What was started came to its end and failed: a Job, a command in a pod, the program, a check."""


class DeadlineError(OpsError):
    """What was waited for did not come in time."""


class StoppedError(OpsError):
    """The run was told to stop while it waited."""
