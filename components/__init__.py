"""What is deployed: one component a file, and the settings that shape them."""
