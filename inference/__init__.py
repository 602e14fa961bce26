"""Floor package inference."""
