"""batchnorm."""
