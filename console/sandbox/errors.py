"""What can go wrong in the sandbox, told with a next step."""


class SandboxError(Exception):
    """Something the operator can act on: a sentence, and a hint that says how."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        """What is the matter, naming file, port or process."""
        self.hint = hint
        """What to do about it; empty when nothing can be said."""

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class ImageError(SandboxError):
    """An image cannot be built, tagged or found."""


class UserDataError(SandboxError):
    """An instance's user data does not say what to run."""


class WorldError(SandboxError):
    """The world cannot be started, joined or stopped."""
