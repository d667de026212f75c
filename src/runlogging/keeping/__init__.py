"""Keeping house among runs that have ended: archive, pack, verify, collect, merge.

It changes or copies run folders, and knows `folder` and `reading`, never what writes or shows runs.
"""

from runlogging.keeping._archive import Archived, archive
from runlogging.keeping.checking._findings import Finding, Report
from runlogging.keeping.checking._verify import verify, verify_root
from runlogging.keeping.collecting._gc import collect, plan_gc
from runlogging.keeping.collecting._model import Collected, GcPlan
from runlogging.keeping.merging._merge import merge, plan_merge
from runlogging.keeping.merging._model import Merged, MergePlan
from runlogging.keeping.packing._dataset import Dataset, dataset
from runlogging.keeping.packing._pack import Packed, pack, pack_root
from runlogging.keeping.packing._unpack import unpack, unpack_root

__all__ = [
    "Archived",
    "Collected",
    "Dataset",
    "Finding",
    "GcPlan",
    "MergePlan",
    "Merged",
    "Packed",
    "Report",
    "archive",
    "collect",
    "dataset",
    "merge",
    "pack",
    "pack_root",
    "plan_gc",
    "plan_merge",
    "unpack",
    "unpack_root",
    "verify",
    "verify_root",
]
