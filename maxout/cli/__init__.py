"""The command line: data on stdout, progress and messages on stderr."""
