"""Hub accounts: set them up, check them, track their health and sync their models."""
