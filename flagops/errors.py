"""What an operation says when it cannot go on."""


class OpsError(Exception):
    """An operation failed for a reason the user can act on.

    The command prints `message`, then `hint` (what to do next), and exits with 1; a stack trace would only hide them.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        """Keep the message and the hint apart, so that the command can set them apart."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class NoAccessError(OpsError):
    """A cluster cannot be asked from here: no usable kubeconfig, no way to it, or no permission."""
