"""Its app of this name."""
