"""Further environment variables of Flagsmith, in clear."""

from typing import Annotated

from pydantic import Field

from components.settings.types import EnvName, PlainText

EnvSetting = Annotated[
    dict[EnvName, PlainText],
    Field(
        description="Further environment variables of Flagsmith. Anybody who may read a pod can read them: "
        "secrets belong in `envFromSecrets`."
    ),
]
