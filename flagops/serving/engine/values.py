"""A flag's value, as Flagsmith keeps it."""

Plain = bool | int | str | None
