"""Pure methods of parks."""
