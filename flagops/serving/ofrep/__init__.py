"""OpenFeature: flags evaluated by its remote protocol (OFREP), and the manifest that its command line pulls."""
