"""The audit log: who changed which flag, and the applies that changes came from."""
