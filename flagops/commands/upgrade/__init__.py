"""`ff upgrade`: moves a stack to another release of Flagsmith, and back."""
