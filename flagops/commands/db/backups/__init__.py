"""Backups: made, listed, restored and tried by Jobs in the cluster, from the templates that the program deploys."""
