"""Process whole WARC files, one a task, on this machine's cores or on a Dask cluster.

this process                    a worker, anywhere                      this process
list files and offsets    -->   file_task.py: read one file in    -->   ingest/index_warcs.py: index the readings
(executor.py)                   guarded processes, store readings       in the order of the files
"""
