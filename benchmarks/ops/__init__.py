"""The rows of single operations, one family a file."""
