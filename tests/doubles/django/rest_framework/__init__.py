"""Django REST framework, as far as the log-in of rollouts uses it."""
