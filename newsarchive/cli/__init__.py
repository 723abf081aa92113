"""The command line. A command is a file: it parses, calls one library function, and prints."""
