"""A table with a row per clip, whose rows are matched to files although both were written on different machines."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from stickgen.errors import StickgenError
from stickgen.importing.decoding import read_text_file

Row = dict[str, str]
_ALIASES = {
    "license": "licence",
    "filename": "file",
    "path": "file",
    "caption": "captions",
    "frame_rate": "fps",
}
_DELIMITERS = ",;\t|"
_FIELD_BYTES = 2**20
# an index may name a capture without its ending, and keypoints by their video
_SUFFIX = re.compile(r"(?<=.)\.(bvh|json|csv|npz|mp4|m4v|mov|avi|mkv|webm)$")


@dataclass
class Index:
    """Rows by the file that they describe. `line` of row n is its line number in the table."""

    name: str
    rows: list[Row] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Index:
        """Read a table with a column `file`, separated by commas, semicolons or tabs.

        Raises StickgenError if it is not such a table.
        """
        try:
            text = read_text_file(path)
        except OSError as error:
            raise StickgenError(f"{path}: the index cannot be read ({error.strerror})") from error
        head = next(iter(text.lstrip()[:_FIELD_BYTES].splitlines()), "")
        delimiter = max(_DELIMITERS, key=head.count)
        index = cls(str(path))
        csv.field_size_limit(_FIELD_BYTES)
        try:
            table = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter)
            names = [_column(name) for name in next((row for row in table if any(row)), [])]
            if "file" not in names:
                raise StickgenError(f"{path}: the first line has no column `file`; name an index of clips")
            for fields in table:
                row = dict(zip(names, fields, strict=False))
                if row.get("file", "").strip():
                    index.rows.append(row)
                    index.lines.append(table.line_num)
        except csv.Error as error:
            raise StickgenError(f"{path}: the index cannot be read ({error})") from error
        return index

    @classmethod
    def read_list(cls, path: Path) -> Index:
        """Read a list of files, one per line, like the split lists of datasets. Raises StickgenError if it cannot be read."""
        try:
            lines = read_text_file(path).splitlines()
        except OSError as error:
            raise StickgenError(f"{path}: the list cannot be read ({error.strerror})") from error
        index = cls(str(path))
        for number, line in enumerate(lines, 1):
            if line.strip() and not line.lstrip().startswith("#"):
                index.rows.append({"file": line.strip()})
                index.lines.append(number)
        if not index.rows:
            raise StickgenError(f"{path}: the list is empty")
        return index

    def match(self, files: Iterable[tuple[str, str]]) -> Matching:
        """Which row describes which of `files`, given as archive and name.

        Separators, case, accents and a leading `./` do not matter. A row matches a file if the path of one ends with the
        path of the other, so that a longer prefix on either side does no harm; the longest match wins. A row that names
        an archive matches files of another only if it matches none in its own. If a row matches two files equally well,
        neither gets it.
        """
        matching = Matching(self)
        files = list(files)
        by_path: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for number, row in enumerate(self.rows):
            for parts in {parts_of(row["file"]), _without_suffix(parts_of(row["file"]))}:
                for start in range(len(parts)):
                    by_path[parts[start:]].append(number)
        claims: dict[int, list[tuple[tuple[int, int, int], tuple[str, str]]]] = defaultdict(list)
        for file in files:
            archive, name = file
            for number, common in self._fitting(parts_of(name), by_path):
                row = self.rows[number]
                whole = parts_of(row["file"]) == parts_of(name)
                here = _plain(row.get("archive") or "") in {"", _plain(archive)}
                claims[number].append(((int(here), int(whole), common), file))
        best: dict[tuple[str, str], tuple[tuple[int, int, int], int]] = {}
        for number, claimed in claims.items():
            top = max(rank for rank, _ in claimed)
            fitting = list(dict.fromkeys(file for rank, file in claimed if rank == top))
            matching.met.add(number)
            if len(fitting) > 1:
                matching.ambiguous[number] = [name for _, name in fitting]
                continue
            file = fitting[0]
            # of two rows for one file, take the one that names its archive, or more of its path, else the last
            if file not in best or best[file][0] <= top:
                best[file] = (top, number)
        matching.row_of = {file: number for file, (_, number) in best.items()}
        return matching

    def _fitting(
        self, parts: tuple[str, ...], by_path: dict[tuple[str, ...], list[int]]
    ) -> Iterable[tuple[int, int]]:
        """Rows whose path ends with the file's, or the other way round, with the number of parts they share."""
        for start in range(len(parts)):
            for tail in (parts[start:], _without_suffix(parts[start:])):
                for number in by_path.get(tail, ()):
                    # the tail is the whole path of the file, or of the row
                    if start == 0 or len(tail) == len(parts_of(self.rows[number]["file"])):
                        yield number, len(tail)


@dataclass
class Matching:
    """Which row describes which file, and what was not matched."""

    index: Index
    row_of: dict[tuple[str, str], int] = field(default_factory=dict)
    met: set[int] = field(default_factory=set)
    ambiguous: dict[int, list[str]] = field(default_factory=dict)

    def row(self, archive: str, name: str) -> Row:
        """The row of one file; {} if there is none."""
        number = self.row_of.get((archive, name))
        return {} if number is None else self.index.rows[number]

    def unmet(self, archives: set[str]) -> tuple[list[str], dict[str, int]]:
        """A sentence for each row without a file, and the number of rows that name an archive that was not given."""
        given = {_plain(archive) for archive in archives}
        sentences, elsewhere = [], dict[str, int]()
        for number, row in enumerate(self.index.rows):
            where = f"{self.index.name}:{self.index.lines[number]}"
            archive = row.get("archive") or ""
            if number in self.ambiguous:
                several = ", ".join(self.ambiguous[number][:3])
                sentences.append(f"{where}: {row['file']} may be any of {several}; name more of its path")
            elif number in self.met:
                continue
            elif archive and _plain(archive) not in given:
                elsewhere[archive] = elsewhere.get(archive, 0) + 1
            else:
                sentences.append(f"{where}: {row['file']} matches no file")
        return sentences, elsewhere


def parts_of(path: str) -> tuple[str, ...]:
    """`.\\\\Caps\\\\Walk.bvh` → ("caps", "walk.bvh")."""
    return tuple(part for part in _plain(path).replace("\\", "/").split("/") if part not in {"", "."})


def _without_suffix(parts: tuple[str, ...]) -> tuple[str, ...]:
    """`("caps", "walk.bvh")` → `("caps", "walk")`."""
    return (*parts[:-1], _SUFFIX.sub("", parts[-1])) if parts else parts


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()


def _column(name: str) -> str:
    plain = "_".join(name.lower().split())
    return _ALIASES.get(plain, plain)
