"""The exporter of metrics of flags."""
