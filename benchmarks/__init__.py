"""fastdl beside NumPy, SciPy, PyTorch, JAX and MLX: `fastdl bench`.  See the README here."""
