"""What an engineer on call looks at and does: status, logs, restarts, the way in."""
