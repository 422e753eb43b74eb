"""What is installed from the wheel, without a checkout: one package, and all that people do with it."""
