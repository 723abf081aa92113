"""Places of WARC files: a folder on this machine, and a bucket that many machines share."""

from storage.places.bucket import Bucket as Bucket
from storage.places.file_names import OPEN as OPEN
from storage.places.file_names import Readable as Readable
from storage.places.file_names import warc_name as warc_name
from storage.places.places import Places as Places
from storage.places.places import WarcFile as WarcFile
