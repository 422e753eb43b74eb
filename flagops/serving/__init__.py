"""Flagsmith's SDK API without a Flagsmith: answered from environments' documents, by Flagsmith's own engine."""
