"""Why a page was read as it was: what gave each field, each paragraph its role, and the page its kind."""
