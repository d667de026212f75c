"""The run folder: the one place where the writing side and the reading side meet.

It knows files and locks, and nothing of logging, of runs in memory or of any viewer. ``docs/format.md`` specifies what
it writes.
"""

from runlogging.folder._artifacts import artifact_path, store_artifact
from runlogging.folder._bounds import check_bound
from runlogging.folder._dropped import DroppedCount, say
from runlogging.folder._joining import (
    DURABILITIES,
    Durability,
    RunSpec,
    Way,
    end_from_outside,
    ended_error,
    prepare_run,
)
from runlogging.folder._layout import (
    ARTIFACTS,
    ARTIFACTS_FOLDER,
    ENVIRONMENT,
    FORMAT,
    LOGS,
    MAIN_WRITER,
    METRICS,
    PLAIN_FORMAT,
    RUN_MANIFEST,
    STANDARD_LEVELS,
    STREAMS,
    VALUES,
    WRITERS_FOLDER,
    StreamName,
    fault_path,
    life_path,
    stream_name,
    stream_path,
    summary_path,
    writer_of,
)
from runlogging.folder._life import WriterInfo, host_name, list_writers, rank, writer_life
from runlogging.folder._lines import ArtifactLine, Line, clean_text, encode_line, unused_name
from runlogging.folder._locks import Life, lock_descriptor, release_descriptor
from runlogging.folder._manifest import (
    TERMINAL,
    Dropped,
    ErrorInfo,
    Manifest,
    WriterEntry,
    changed_manifest,
    read_manifest,
    write_environment,
    write_manifest,
)
from runlogging.folder._names import (
    check_artifact,
    check_experiment,
    check_identifier,
    clean_identifier,
    new_run_id,
    suggest_experiment,
)
from runlogging.folder._pointers import nonfinite_text, put_at, restored
from runlogging.folder._roots import DEFAULT_ROOT, ROOT_VARIABLE, RUN_VARIABLE, check_writable, find_root
from runlogging.folder._summary import MetricSummary, WriterSummary, summarise
from runlogging.folder._summary import merge as merge_summaries
from runlogging.folder._times import format_time, now_text, parse_time, second_text, to_microseconds
from runlogging.folder._writer import Writer

__all__ = [
    "ARTIFACTS",
    "ARTIFACTS_FOLDER",
    "DEFAULT_ROOT",
    "DURABILITIES",
    "ENVIRONMENT",
    "FORMAT",
    "LOGS",
    "MAIN_WRITER",
    "METRICS",
    "PLAIN_FORMAT",
    "ROOT_VARIABLE",
    "RUN_MANIFEST",
    "RUN_VARIABLE",
    "STANDARD_LEVELS",
    "STREAMS",
    "TERMINAL",
    "VALUES",
    "WRITERS_FOLDER",
    "ArtifactLine",
    "Dropped",
    "DroppedCount",
    "Durability",
    "ErrorInfo",
    "Life",
    "Line",
    "Manifest",
    "MetricSummary",
    "RunSpec",
    "StreamName",
    "Way",
    "Writer",
    "WriterEntry",
    "WriterInfo",
    "WriterSummary",
    "artifact_path",
    "changed_manifest",
    "check_artifact",
    "check_bound",
    "check_experiment",
    "check_identifier",
    "check_writable",
    "clean_identifier",
    "clean_text",
    "encode_line",
    "end_from_outside",
    "ended_error",
    "fault_path",
    "find_root",
    "format_time",
    "host_name",
    "life_path",
    "list_writers",
    "lock_descriptor",
    "merge_summaries",
    "new_run_id",
    "nonfinite_text",
    "now_text",
    "parse_time",
    "prepare_run",
    "put_at",
    "rank",
    "read_manifest",
    "release_descriptor",
    "restored",
    "say",
    "second_text",
    "store_artifact",
    "stream_name",
    "stream_path",
    "suggest_experiment",
    "summarise",
    "summary_path",
    "to_microseconds",
    "unused_name",
    "write_environment",
    "write_manifest",
    "writer_life",
    "writer_of",
]
