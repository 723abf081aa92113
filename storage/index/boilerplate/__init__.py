"""Learning which paragraphs a site prints on every page."""
