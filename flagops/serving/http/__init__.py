"""Requests and answers as plain values, so that any server can carry them."""
