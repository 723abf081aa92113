"""From captures to rows: the one path of crawl, import and rebuild."""
