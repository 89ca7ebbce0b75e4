"""What the control room stores."""
