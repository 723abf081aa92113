"""Pure text functions of the index: analysis into terms, sanitizing, keys and signatures of search documents."""
