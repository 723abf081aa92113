"""Result types of queries: frozen, ready to be shown or written out."""
