"""Who is affected when an environment's document becomes another one: both are evaluated for users made up for it."""
