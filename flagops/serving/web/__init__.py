"""The application on loopback: it carries requests to what answers them, and follows the source."""
