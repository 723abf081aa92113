"""Whole WARC files worked on elsewhere: by this machine's cores or by a Dask cluster, one file a task.

this process                     a worker, anywhere                       this process
which files, from where on  -->  reading.py: walks over one, its pages -> readback.py: in the order of the files,
(executor.py, ahead.py)          in guarded processes; readings.py        through the one Ingestor
                                 keeps what they say
"""
