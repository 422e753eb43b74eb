"""What a plan means for users, for whoever reviews it: on the terminal, for programs, on a pull request."""
