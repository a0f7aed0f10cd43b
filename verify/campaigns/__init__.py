"""Runs kept in folders: shards, manifests, and many processes on one of them."""
