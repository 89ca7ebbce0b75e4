"""The top floor: Django settings, accounts and roles, the page shell, the public site and the API root."""
