"""The rows of whole training steps, one model a file."""
