"""What the monitoring room stores."""
