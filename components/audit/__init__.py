"""The audit log of flags: what reads it, and what delivers it elsewhere."""
