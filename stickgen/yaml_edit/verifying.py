"""The second look at an edit: does everything else still read as it did?

A judge is given the values of the changed text and names the first path that reads otherwise than it should.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from stickgen.yaml_edit.nodes import Empty, KeyPath, Mapping, Node, Sequence, Tree, Values, origin, walk
from stickgen.yaml_edit.scalars import Plain, same_value

Judge = Callable[[Values], KeyPath | None]


class Missing:
    """Stands for the value of a key that is not there."""

    def __repr__(self) -> str:
        return "not set"

    def __bool__(self) -> bool:
        return False


MISSING = Missing()


def differing(before: Values, after: Values) -> Iterator[KeyPath]:
    """The paths whose values are not the same in both."""
    for path in [*before, *(path for path in after if path not in before)]:
        if not same_value(before.get(path, MISSING), after.get(path, MISSING)):
            yield path


def related(path: KeyPath, other: KeyPath) -> bool:
    """Whether one of two paths lies below the other, or they are the same."""
    shorter = min(len(path), len(other))
    return path[:shorter] == other[:shorter]


def expecting(expected: Values) -> Judge:
    """Every value is known beforehand."""
    return lambda after: next(differing(expected, after), None)


def free_below(
    tree: Tree, before: Values, container: Node | None, name: str, parts: KeyPath, value: Plain | Missing
) -> Judge:
    """A key of one section appears or goes; so it may wherever that section is aliased or merged, and nowhere else."""
    places = list(_places(tree, container))

    def judge(after: Values) -> KeyPath | None:
        if value is MISSING:
            inherits = isinstance(container, Mapping) and bool(container.sources)
            if parts in after and not inherits:
                return parts
        elif parts not in after or not same_value(after[parts], value):
            return parts
        for path in differing(before, after):
            if not any(path == place or path[: len(place) + 1] == (*place, name) for place in places):
                return path
        return None

    return judge


def renaming(tree: Tree, before: Values, container: Mapping, parts: KeyPath, name: str) -> Judge:
    """The values below one key are found under another name."""
    new = (*parts[:-1], name)
    moved = {
        (*new, *path[len(parts) :]): value for path, value in before.items() if path[: len(parts)] == parts
    }
    places = list(_places(tree, container))

    def judge(after: Values) -> KeyPath | None:
        found = {path: value for path, value in after.items() if path[: len(new)] == new}
        if next(differing(moved, found), None) is not None:
            return new
        for path in differing(before, after):
            ends = {(*place, key) for place in places for key in (parts[-1], name)}
            if not any(path[: len(end)] == end for end in ends):
                return path
        return None

    return judge


def shifted(tree: Tree, before: Values, node: Sequence, index: int, by: int, value: Plain = None) -> Values:
    """The values after an item was put in before `index` (+1), or the one at `index` was taken out (-1)."""
    places = [path for path, found in walk(tree.root) if origin(found) is node]
    expected: Values = {}
    for path, old in before.items():
        place = next((place for place in places if path[: len(place)] == place), None)
        if place is None:
            expected[path] = old
        elif len(path) > len(place):
            at = int(path[len(place)])
            if by > 0 or at != index:
                moved = at + by if at >= index else at
                expected[(*place, str(moved), *path[len(place) + 1 :])] = old
    for place in places:
        if by > 0:
            expected[(*place, str(index))] = value
        elif len(node.items) == 1:
            expected[place] = Empty.SEQUENCE
    return expected


def _places(tree: Tree, container: Node | None) -> Iterator[KeyPath]:
    """The paths of a section, of its aliases, and of the sections that merge it."""
    if container is None:
        yield ()
        return
    reached = {id(container)}
    mappings = [node for _, node in walk(tree.root) if isinstance(node, Mapping)]
    growing = True
    while growing:
        more = {
            id(origin(node))
            for node in mappings
            if any(id(origin(source)) in reached for source in node.sources)
        }
        growing = not more <= reached
        reached |= more
    for path, node in walk(tree.root):
        if id(origin(node)) in reached:
            yield path
