"""Stands in for CloudNativePG's instance managers: its real operator finds a PostgreSQL in every simulated pod."""
