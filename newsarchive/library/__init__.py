"""The public API of the package newsarchive: public.py has what users call, selection.py what answers them."""
