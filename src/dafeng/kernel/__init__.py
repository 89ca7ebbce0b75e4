"""The ground floor: tools that every domain uses. It knows no domain."""
