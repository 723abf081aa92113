"""The newsroom's pages as HTML. Each module is one page or one template."""
