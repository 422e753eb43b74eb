"""What is served: environments as they are at one time, and what is kept of users."""
