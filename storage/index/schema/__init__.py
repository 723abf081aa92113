"""The schema: tables, and how it is created and upgraded."""
