"""What looks like a secret and is none."""

from typing import Annotated

from pydantic import Field

from components.settings.types import Text

NotSecretSetting = Annotated[
    tuple[Text, ...],
    Field(
        description="Keys of this file whose values look like secrets but are not, such as `env.TOKEN_FORMAT`; see "
        "[secrets.md](secrets.md#what-looks-like-a-secret)."
    ),
]
