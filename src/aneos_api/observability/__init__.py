"""What the service tells about itself: figures for Prometheus, log lines."""
