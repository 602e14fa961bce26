"""The inference service's side of its cameras: connections, and who waits for which picture."""
