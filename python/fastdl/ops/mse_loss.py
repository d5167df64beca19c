"""mse_loss."""
