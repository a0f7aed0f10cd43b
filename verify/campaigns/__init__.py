"""Runs kept in folders: shards and manifests."""
