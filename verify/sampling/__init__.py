"""Streams of draws and what is drawn from them: populations of networks, units and laws."""
