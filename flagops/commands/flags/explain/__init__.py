"""Why a user gets a flag as they do."""
