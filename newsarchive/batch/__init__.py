"""Process captures and WARC files on this machine's cores or on a Dask cluster.

this process                    a worker, anywhere                      this process
chunks of captures        -->   chunks.py: read them in           -->   ingest/index_warcs.py: index the readings
(chunks.py, executor.py)        guarded processes                       in the order of the files
"""
