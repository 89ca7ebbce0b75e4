"""Forms of numbers and dates where ours differ from Django's."""
