"""The public sets that an import recognises by their names, and what they say of the files that are there."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from stickgen.errors import StickgenError
from stickgen.importing.format import Known
from stickgen.importing.public_set import Describe, PublicSet
from stickgen.importing.sets import bandai_namco, bones_seed, cmu, frame_labels, lafan1, style100
from stickgen.importing.sources import UNREADABLE, Found

SETS: tuple[PublicSet, ...] = (
    bandai_namco.SET,
    bones_seed.SET,
    lafan1.SET,
    style100.SET,
    cmu.SET,
    frame_labels.SET,
)
_DAMAGED = (StickgenError, OSError, csv.Error, *UNREADABLE)


@dataclass
class KnownSets:
    """The sets that were recognised among the files of an import."""

    tables: list[Found] = field(default_factory=list)
    damaged: list[tuple[Found, str]] = field(default_factory=list)  # tables that cannot be read, and why
    _describe: list[Describe] = field(default_factory=list)

    @classmethod
    def among(cls, files: Sequence[Found]) -> KnownSets:
        """Read the tables of the sets that are there."""
        known = cls()
        for one in SETS:
            tables = [file for file in files if one.is_table(file)]
            try:
                describe = one.describe(tables, files)
            except _DAMAGED:
                tables = [table for table in tables if known._is_sound(one, table, files)]
                describe = one.describe(tables, files)
            known.tables += tables
            known._describe.append(describe)
        return known

    def _is_sound(self, one: PublicSet, table: Found, files: Sequence[Found]) -> bool:
        """Whether a table can be read; if not, it goes into `damaged`."""
        try:
            one.describe([table], files)
        except StickgenError as error:
            self.damaged.append((table, str(error)))
        except _DAMAGED as error:
            self.damaged.append((table, f"{table.name}: it cannot be read ({error}); get it again"))
        else:
            return True
        return False

    def about(self, file: Found) -> Known:
        """What is known of a file; nothing if it is of no set. Labels may come from another set than the rest."""
        found = [known for describe in self._describe if (known := describe(file)) is not None]
        if not found:
            return Known()
        labels = next((known.segments for known in found if known.segments), ())
        return replace(found[0], segments=labels)
