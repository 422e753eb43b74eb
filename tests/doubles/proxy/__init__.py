"""A proxy before a Flagsmith, the double or a real one, with one fault."""

from tests.doubles.proxy.server import Answer, Ask, Fault, Forward, Manner, serve_fault

__all__ = ["Answer", "Ask", "Fault", "Forward", "Manner", "serve_fault"]
