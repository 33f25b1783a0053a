"""The 64 action classes that a frame can be labelled with. Models depend on their order: append, never reorder."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Action:
    """One class; `labels` are other names for it in captures and datasets."""

    name: str
    group: str
    labels: tuple[str, ...] = ()


ACTIONS: tuple[Action, ...] = (
    Action("idle", "standing", ("stand", "standing", "pose")),
    Action("balance", "standing"),
    Action("stretch", "standing"),
    Action("turn", "standing", ("turn around", "rotate")),
    Action("look_around", "standing"),
    Action("think", "standing"),
    Action("walk", "locomotion", ("walking", "stroll", "stride")),
    Action("walk_backward", "locomotion", ("walk back", "walk backwards")),
    Action("sidestep", "locomotion", ("walk left", "walk right", "side step")),
    Action("run", "locomotion", ("running",)),
    Action("jog", "locomotion", ("jogging",)),
    Action("sprint", "locomotion", ("dash",)),
    Action("march", "locomotion"),
    Action("tiptoe", "locomotion", ("sneak",)),
    Action("limp", "locomotion"),
    Action("stagger", "locomotion", ("stumble",)),
    Action("skip", "locomotion"),
    Action("crawl", "locomotion"),
    Action("climb", "locomotion", ("climb ladder", "climb stairs")),
    Action("jump", "jumping", ("jumping",)),
    Action("leap", "jumping"),
    Action("hop", "jumping"),
    Action("jumping_jack", "jumping", ("jumping jacks", "jump jack")),
    Action("cartwheel", "acrobatics", ("cartwheels",)),
    Action("roll", "acrobatics", ("dive roll",)),
    Action("somersault", "acrobatics", ("flip",)),
    Action("handstand", "acrobatics"),
    Action("squat", "exercise", ("crouch",)),
    Action("lunge", "exercise"),
    Action("push_up", "exercise", ("pushup",)),
    Action("sit_up", "exercise", ("situp",)),
    Action("sit_down", "floor", ("sit", "sitting down")),
    Action("stand_up", "floor", ("get up",)),
    Action("kneel", "floor"),
    Action("lie_down", "floor", ("lie",)),
    Action("fall", "floor", ("fall down",)),
    Action("wave", "gesture", ("bye", "byebye", "waving")),
    Action("bow", "gesture", ("bowing",)),
    Action("point", "gesture", ("guide",)),
    Action("clap", "gesture", ("applaud",)),
    Action("nod", "gesture"),
    Action("salute", "gesture"),
    Action("beckon", "gesture"),
    Action("raise_hand", "gesture", ("respond",)),
    Action("cheer", "gesture", ("celebrate",)),
    Action("shrug", "gesture"),
    Action("pray", "gesture"),
    Action("hug", "gesture"),
    Action("reach", "hands", ("grab",)),
    Action("pick_up", "hands", ("pickup",)),
    Action("put_down", "hands"),
    Action("lift", "hands"),
    Action("push", "hands"),
    Action("pull", "hands"),
    Action("throw", "hands"),
    Action("catch", "hands"),
    Action("drink", "hands", ("eat",)),
    Action("wash", "hands", ("wash self",)),
    Action("punch", "combat", ("box", "boxing", "strike")),
    Action("kick", "combat", ("kicking",)),
    Action("block", "combat", ("dodge",)),
    Action("slash", "combat", ("swordplay", "sword")),
    Action("dance", "dance", ("dance short", "dancing")),
    Action("spin", "dance", ("pirouette", "twirl")),
)
ACTION_INDEX: dict[str, int] = {action.name: index for index, action in enumerate(ACTIONS)}
assert len(ACTION_INDEX) == 64


def _plain(label: str) -> str:
    return " ".join(label.lower().replace("_", " ").replace("-", " ").split())


_BY_LABEL = {_plain(label): ACTION_INDEX[a.name] for a in ACTIONS for label in (a.name, *a.labels)}


def action_of_label(label: str) -> int | None:
    """The class of a label such as `walk-back`, `Walk_Back` or `byebye`; None if there is none."""
    return _BY_LABEL.get(_plain(label))
