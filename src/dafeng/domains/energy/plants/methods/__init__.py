"""Pure calculation: capacity by date, output, duty. No Django."""
