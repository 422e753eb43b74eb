"""How old the edge's documents are, as metrics: a proxy tells it to whoever asks, and has no metrics."""
