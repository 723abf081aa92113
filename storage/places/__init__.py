"""Places of WARC files: a folder on this machine, and a bucket that many machines share."""

from storage.places.bucket import Bucket as Bucket
from storage.places.file_names import OPEN as OPEN
from storage.places.file_names import Readable as Readable
from storage.places.file_names import warc_name as warc_name
from storage.places.folder import NO_SPACE as NO_SPACE
from storage.places.folder import is_same_file as is_same_file
from storage.places.folder import raise_write_error as raise_write_error
from storage.places.folder import sync_folder as sync_folder
from storage.places.folder import write_all as write_all
from storage.places.places import Places as Places
from storage.places.places import WarcFile as WarcFile
