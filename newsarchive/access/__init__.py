"""Which captures readers may see."""
