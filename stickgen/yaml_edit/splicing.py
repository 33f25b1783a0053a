"""How a text changes for an edit: one value replaced, or the characters of one key or item put in or taken out.

Nothing here is trusted: `document.py` parses the result and compares all values before it takes it.
"""

from __future__ import annotations

import re

from stickgen.errors import StickgenError
from stickgen.yaml_edit.nodes import Entry, KeyPath, Mapping, Scalar, Sequence, Tree, line_and_column
from stickgen.yaml_edit.parsing import GAP, is_core_tag
from stickgen.yaml_edit.scalars import Plain, format_value

DEFAULT_INDENT = 2


class EditRefusedError(StickgenError):
    """An edit that would have changed something else; the document is as it was."""


class Splicer:
    """Makes the changed text; the tree stays that of the text before."""

    def __init__(self, text: str, tree: Tree, name: str) -> None:
        self.text, self.tree, self.name = text, tree, name

    def refuse(self, message: str, at: int | None = None) -> EditRefusedError:
        where = self.name if at is None else f"{self.name}:{line_and_column(self.text, at)[0]}"
        return EditRefusedError(f"{where}: {message}")

    # -- a value

    def replaced(self, node: Scalar, value: Plain, path: str) -> str:
        """The text with a new value in the place of `node`, in its notation, with its anchor."""
        start = node.start if node.alias_of is not None else node.content
        if node.tag is not None:
            if not is_core_tag(node.tag):
                raise self.refuse(f"{path} has the tag {node.tag}, whose meaning is not known", node.start)
            if "!" not in self.text[node.start : node.content]:
                raise self.refuse(f"{path} has its tag {node.tag} on another line", node.start)
            start = node.start  # the new value has its own type
        like = node.text if node.alias_of is None and node.style is None else ""
        written = format_value(value, node.style if node.alias_of is None else None, like)
        if node.tag is not None and node.anchor is not None:
            written = f"&{node.anchor} {written}"
        header = re.match(r"[|>][-+0-9]*([ \t]+#[^\r\n]*)?", self.text[start : node.end])
        if header and node.style in {"|", ">"}:
            block = self.literal(node, value, header.group(1) or "") if node.style == "|" else None
            if block is not None:
                return self.text[:start] + block + self.text[node.end :]
            written += header.group(1) or ""
        return self.put(node, start, written)

    def literal(self, node: Scalar, value: Plain, comment: str) -> str | None:
        """`value` as a `|` text at the indent of the old one; None if only quotes can hold it."""
        body = re.search(r"\n([ ]+)\S", self.text[node.content : node.end])
        if not isinstance(value, str) or body is None or node.decorated or node.alias_of is not None:
            return None
        lines = value.removesuffix("\n").split("\n")
        ended = len(value) - len(value.rstrip("\n"))
        if ended > 1 or not lines[0] or lines[0][0] == " ":
            return None
        if "+" in self.text[node.content : node.content + 3] or not all(line.isprintable() for line in lines):
            return None
        newline, indent = self.newline_at(node.content), body.group(1)
        rows = [indent + line if line else "" for line in lines]
        return newline.join([f"|{'' if ended else '-'}{comment}", *rows])

    def put(self, node: Scalar | Mapping, start: int, written: str) -> str:
        """`written` in the place of `node` from `start` on; a comment behind it keeps its column if it can."""
        before_it = self.text[start - 1 : start]
        if before_it and not before_it.isspace() and (start == node.end or before_it in ":-?"):
            written = " " + written
        entry = self.tree.entry_of(node)
        if entry is not None and entry.colon is None:  # a bare key, as a in `{a, b: 1}`
            written = ":" + written
        before, after = self.text[:start], self.text[node.end :]
        if "\n" not in self.text[start : node.end]:
            after = in_its_column(after, len(written) - (node.end - start))
        return before + written + after

    # -- a key

    def inserted(self, parent: Mapping | None, parts: KeyPath, value: Plain) -> str:
        """The text with a new key in a section (None: the empty file); `parts` beyond one become new sections."""
        if parent is None:
            end = self.tree.end
            before = self.text[:end]
            newline = self.newline_at(end)
            if before.strip("\ufeff") and not before.endswith("\n"):
                before += newline
            return before + self.block_lines(parts, value, 0, newline) + newline + self.text[end:]
        if parent.pair:
            raise self.refuse(
                f"{parts[-1]} would stand in a list without braces; edit the text itself", parent.start
            )
        if parent.flow:
            quoted = any(entry.key.style == '"' for entry in parent.own.values())
            written = self.flow_entry(parts, value, '"' if quoted else None)
            last = list(parent.own.values())[-1].end if parent.own else None
            if parent.merge is not None:
                last = max(last or 0, parent.merge.end)
            return self.into_brackets(parent, last, written)
        entries = list(parent.own.values()) + ([parent.merge] if parent.merge is not None else [])
        first, last_entry = min(entries, key=lambda e: e.start), max(entries, key=lambda e: e.end)
        if parent is self.tree.root:
            return self.at_the_end(parts, value, self.indent_of(first.start))
        return self.below(last_entry.end, parts, value, self.indent_of(first.start))

    def at_the_end(self, parts: KeyPath, value: Plain, indent: int) -> str:
        """A new section goes behind everything else, comments too."""
        end = self.tree.end
        before, newline = self.text[:end], self.newline_at(end)
        ended = before.endswith("\n")
        lines = self.block_lines(parts, value, indent, newline)
        if not ended and len(parts) == 1 and end == len(self.text):
            return before + newline + lines  # a file without a final newline stays one
        return (before if ended else before + newline) + lines + newline + self.text[end:]

    def below(self, offset: int, parts: KeyPath, value: Plain, indent: int) -> str:
        """New lines behind the line of `offset`."""
        end, newline = self.line_end(offset), self.newline_at(offset)
        lines = self.block_lines(parts, value, indent, newline)
        if not self.text[:end].endswith("\n"):
            return self.text[:end] + newline + lines
        return self.text[:end] + lines + newline + self.text[end:]

    def filled(self, node: Scalar | Mapping, parts: KeyPath, value: Plain) -> str:
        """The text with a first key in braces, where `{}`, `null` or nothing stood."""
        if isinstance(node, Mapping):
            return self.into_brackets(node, None, self.flow_entry(parts, value, None))
        if node.decorated:
            raise self.refuse(f"{parts[-1]} would stand behind an anchor; edit the text itself", node.start)
        return self.put(node, node.start, "{" + self.flow_entry(parts, value, None) + "}")

    def opened(self, key: Entry, parts: KeyPath, value: Plain) -> str:
        """The text with new lines below a key that had no value, `null` or `{}` until now."""
        start, end = key.value.start, key.value.end
        kept = self.text[end : self.line_end(end)].rstrip("\r\n")
        if key.colon is None or (kept.strip() and not kept.lstrip().startswith("#")):
            raise self.refuse("there is more on the line of this key; edit the text itself", key.start)
        indent = self.indent_of(key.start) + self.indent_step()
        while start < end and self.text[start - 1] in " \t":
            start -= 1
        text = self.text[:start] + self.text[end:]
        return Splicer(text, self.tree, self.name).below(start, parts, value, indent)

    def block_lines(self, parts: KeyPath, value: Plain, indent: int, newline: str) -> str:
        lines = []
        for depth, part in enumerate(parts):
            lines.append(" " * (indent + depth * self.indent_step()) + format_value(part) + ":")
        return newline.join(lines) + " " + format_value(value)

    def flow_entry(self, parts: KeyPath, value: Plain, quote: str | None) -> str:
        names = [f'"{part}"' if quote and part.isascii() and part.isidentifier() else format_value(part)
                 for part in parts]  # fmt: skip
        written = format_value(value, quote)
        return ": {".join(names) + f": {written}" + "}" * (len(parts) - 1)

    def without(self, parent: Mapping, name: str, key: Entry | None) -> str:
        """The text without one key of a section; `key` is the one that the section is the value of."""
        return self.without_entry(parent, parent.own[name], [], key)

    def without_entry(
        self, parent: Mapping, entry: Entry, hidden: list[Entry], key: Entry | None = None
    ) -> str:
        """The same for one that may be among `hidden`, the keys that a later one of the same name hides."""
        merge = [parent.merge] if parent.merge is not None else []
        siblings = sorted([*parent.own.values(), *merge, *hidden], key=lambda e: e.start)
        spans = [(e.start, e.end) for e in siblings]
        return self.without_span(parent, spans, siblings.index(entry), key)

    # -- an item

    def item_inserted(self, node: Sequence, index: int, value: Plain) -> str:
        """The text with a new item before item `index` of a list."""
        written = format_value(value)
        if node.flow or not node.items:
            if index >= len(node.items):
                return self.into_brackets(node, node.items[-1].end if node.items else None, written)
            at = node.items[index].start
            return self.text[:at] + written + ", " + self.text[at:]
        indent = self.indent_of(node.dashes[0])
        line = f"- {written}"
        if index < len(node.items):
            at = node.dashes[index]
            return self.text[:at] + line + self.newline_at(at) + " " * indent + self.text[at:]
        end, newline = self.line_end(node.end), self.newline_at(node.end)
        if not self.text[:end].endswith("\n"):
            return self.text[:end] + newline + " " * indent + line
        return self.text[:end] + " " * indent + line + newline + self.text[end:]

    def item_removed(self, node: Sequence, index: int, key: Entry | None) -> str:
        """The text without one item of a list."""
        starts = node.dashes if not node.flow else [item.start for item in node.items]
        spans = [
            (start, max(item.end, start + (not node.flow)))
            for start, item in zip(starts, node.items, strict=True)
        ]
        return self.without_span(node, spans, index, key)

    # -- what keys and items have in common

    def without_span(
        self, node: Mapping | Sequence, spans: list[tuple[int, int]], at: int, key: Entry | None
    ) -> str:
        start, end = spans[at]
        if node.flow:
            return self.without_in_brackets(node, spans, at)
        if len(spans) == 1 and node is not self.tree.root:
            return self.emptied(node, start, end, key)
        line_start = self.text.rfind("\n", 0, start) + 1
        if self.text[line_start:start].strip(" \t\ufeff"):  # `- a: 1`: the line begins with something else
            if at + 1 == len(spans):
                raise self.refuse("this cannot be taken out of its line; edit the text itself", start)
            between = self.text[self.line_end(end) : spans[at + 1][0]]
            comment = between.find("#")  # on a line of its own, about what follows
            if comment >= 0:
                return self.text[:start] + between[comment:] + self.text[spans[at + 1][0] :]
            return self.text[:start] + self.text[spans[at + 1][0] :]
        if self.text[line_start : line_start + 1] == "\ufeff":
            line_start += 1
        return self.text[:line_start] + self.text[self.line_end(end) :]

    def emptied(self, node: Mapping | Sequence, start: int, end: int, key: Entry | None) -> str:
        """The last key or item goes: `{}` or `[]` stays, for a section with nothing in it would read as null."""
        empty = "{}" if isinstance(node, Mapping) else "[]"
        line_start = self.text.rfind("\n", 0, start) + 1
        if key is None or key.colon is None or self.text[line_start:start].strip(" \t"):
            return self.text[:start] + empty + self.text[end:]  # `- a: 1`: in its place
        colon_line_end = self.line_end(key.colon)
        head = self.text[key.colon + 1 : colon_line_end]
        anchored = re.match(r"[ \t]*(?:[&!]\S*[ \t]*)*", head)
        assert anchored is not None
        kept = anchored.group().rstrip()
        rest = head[len(kept) :]
        comment = re.match(r"([ ]+)#", rest)
        if comment:
            rest = " " * max(len(comment.group(1)) - 3, 1) + rest[len(comment.group(1)) :]
        head = f"{kept} {empty}{rest}"
        return (
            self.text[: key.colon + 1]
            + head
            + self.text[colon_line_end:line_start]
            + self.text[self.line_end(end) :]
        )

    def into_brackets(self, node: Mapping | Sequence, last: int | None, written: str) -> str:
        """`written` as the last of a flow section or list."""
        if last is None:
            return self.text[: node.content + 1] + written + self.text[node.content + 1 :]
        close = node.end - 1
        between = self.text[last:close]
        comma = re.match(r"\s*,", between)
        if "\n" not in between:
            return self.text[:last] + ", " + written + self.text[last:]
        # brackets over several lines: a line of its own, indented as the last one
        line_start = self.text.rfind("\n", 0, last) + 1
        blanks = re.match(r"[ \t]*", self.text[line_start:last])
        assert blanks is not None
        indent = blanks.group()
        if comma:
            behind = last + comma.end()
            end = self.line_end(behind)
            return f"{self.text[:end]}{indent}{written},{self.newline_at(last)}{self.text[end:]}"
        end = self.line_end(last)
        return f"{self.text[:last]},{self.text[last:end]}{indent}{written}{self.newline_at(last)}{self.text[end:]}"

    def without_in_brackets(self, node: Mapping | Sequence, spans: list[tuple[int, int]], at: int) -> str:
        start, end = spans[at]
        line_start, line_end = self.text.rfind("\n", 0, start) + 1, self.line_end(end)
        alone = re.fullmatch(r"[ \t]*,?[ \t]*(#[^\n]*)?\r?\n?", self.text[end:line_end])
        if not self.text[line_start:start].strip(" \t") and alone and line_end < node.end:
            return self.text[:line_start] + self.text[line_end:]
        comma = self.comma_behind(end)
        behind = end if comma is None else comma + 1
        if at + 1 < len(spans):
            following = spans[at + 1][0]
            if "#" in self.text[end:following] or "\n" in self.text[end:following]:
                own = re.match(r"[ \t]*#[^\r\n]*", self.text[behind:following])
                if own is None:
                    return self.text[:start] + self.text[behind:].lstrip(" ")
                return self.text[:start].rstrip(" ") + self.text[behind + own.end() :]
            return self.text[:start] + self.text[following:]
        if at == 0:
            return self.text[:start] + self.text[end : behind - (comma is not None)] + self.text[behind:]
        before = spans[at - 1][1]
        separator = self.comma_behind(before)
        if separator is None or "#" not in self.text[before:start]:
            return self.text[:before] + self.text[end:]
        return self.text[:separator] + self.text[separator + 1 : start] + self.text[end:]

    def comma_behind(self, offset: int) -> int | None:
        """The comma that follows, with nothing but blanks and comments before it."""
        gap = GAP.match(self.text, offset)
        assert gap is not None
        return gap.end() if self.text[gap.end() : gap.end() + 1] == "," else None

    def with_comment(self, start: int, end: int, *, flow: bool) -> tuple[int, int]:
        """From `start` to behind the comment that follows on the line of `end`, which goes with it."""
        found = re.compile(r"[ \t]*,?[ \t]*(?:#[^\n]*)?" if flow else r"[ \t]*(?:#[^\n]*)?").match(
            self.text, end
        )
        assert found is not None
        return start, found.end()

    def renamed(self, entry: Entry, name: str) -> str:
        """The text with another name for a key, in the quotes of the old one."""
        key = entry.key
        if key.decorated:
            raise self.refuse(
                f"the key {key.text} has an anchor, an alias or a tag; edit the text itself", key.start
            )
        written = format_value(name, key.style)
        return self.text[: key.start] + written + self.text[key.end :]

    # -- places

    def line_end(self, offset: int) -> int:
        """Behind the line end that follows `offset`."""
        newline = self.text.find("\n", offset)
        return len(self.text) if newline < 0 else newline + 1

    def newline_at(self, offset: int) -> str:
        """The line end that is used around `offset`: that of its line, or of the line before."""
        at = self.text.find("\n", offset)
        if at < 0:
            at = self.text.rfind("\n")
        return "\r\n" if at > 0 and self.text[at - 1] == "\r" else "\n"

    def indent_of(self, offset: int) -> int:
        """How many characters stand before `offset` on its line, a byte-order mark not counted."""
        line_start = self.text.rfind("\n", 0, offset) + 1
        return offset - line_start - (self.text[line_start : line_start + 1] == "\ufeff")

    def indent_step(self) -> int:
        """By how much this file indents."""
        root = self.tree.root
        if isinstance(root, Mapping) and not root.flow:
            outer = list(root.own.values())
            for entry in outer:
                section = entry.value
                if (
                    isinstance(section, Mapping)
                    and section.own
                    and not section.flow
                    and section.alias_of is None
                ):
                    step = self.indent_of(min(e.start for e in section.own.values())) - self.indent_of(
                        entry.start
                    )
                    if step > 0:
                        return step
        return DEFAULT_INDENT


def in_its_column(after: str, growth: int) -> str:
    """The text behind a value that grew by so many characters: a comment keeps its column if the blanks allow."""
    comment = re.match(r"([ ]+)#", after)
    if comment is None:
        return after
    blanks = len(comment.group(1))
    return " " * max(blanks - growth, 1) + after[blanks:]
