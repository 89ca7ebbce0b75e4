"""Official documents of the plan: blocks of text and tables, set as Word (`word`) and as tagged PDF (`pdf`)."""
