"""The pages of reporting: each reads, shows, and hands what is sent to the services."""
