"""Groups of texts that differ only in the side, the direction, the speed, the height or the count.

Each template is filled once for each side, so that nothing else distinguishes the texts. None of them is a caption
that the synthetic data can have; a test draws a large sample and compares.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from stickgen.motion.skeleton import MAX_FRAMES

SUBJECTS = (
    "my neighbour", "my uncle", "some lady", "the goalkeeper", "our coach", "a tall fellow", "that girl over there",
    "the man in the picture", "a young woman", "one of the players", "the actor on stage", "a tourist",
    "my brother", "an athlete", "the dancer in black", "the little figure",
)  # fmt: skip

# How many frames such a motion takes: the median of the synthetic clips, as `benchmarks/contrast_rules.py` prints it.
FRAMES: dict[str, int] = {
    "walk": 87, "walk_backward": 80, "sidestep": 97, "run": 64, "jog": 80, "sprint": 52, "march": 90, "tiptoe": 100,
    "skip": 75, "crawl": 110, "leap": 45, "fall": 48, "wave": 76, "raise_hand": 75, "punch": 60, "throw": 50,
    "point": 62, "salute": 57, "beckon": 70, "reach": 57, "drink": 110, "slash": 72, "kick": 52, "lunge": 94,
    "hop": 80, "balance": 120, "kneel": 88, "clap": 70, "spin": 76, "pick_up": 70, "turn": 50, "wash": 93,
    "dance": 120, "squat": 74, "sit_down": 62, "catch": 55,
}  # fmt: skip
# For repeated motions: frames before and after, and frames for each repetition.
FRAMES_BY_COUNT: dict[str, tuple[int, int]] = {
    "jump": (3, 42), "punch": (28, 14), "squat": (6, 32), "lunge": (4, 45), "cartwheel": (27, 33), "spin": (34, 20),
    "kick": (24, 27), "jumping_jack": (0, 24), "clap": (38, 6), "nod": (14, 11), "push_up": (0, 36), "sit_up": (0, 40),
}  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Texts that differ only in the side, in the order of `sides`, and the frames of each."""

    action: str
    sides: tuple[str, ...]
    texts: tuple[str, ...]
    frames: tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """An action that has sides: templates with `{}`, and tuples of what to fill in, in the order of `sides`."""

    action: str
    sides: tuple[str, ...]
    templates: tuple[str, ...]
    fillings: tuple[tuple[str, ...], ...]

    def groups(self) -> list[Group]:
        """All groups, in an order that depends only on the words."""
        frames = tuple(frames_of(self.action, side) for side in self.sides)
        found = [
            Group(
                self.action,
                self.sides,
                tuple(f"{subject} {template.format(word)}" for word in filling),
                frames,
            )
            for subject in SUBJECTS
            for template in self.templates
            for filling in self.fillings
        ]
        return sorted(found, key=lambda group: hashlib.sha256(group.texts[0].encode()).digest())


def frames_of(action: str, side: str) -> int:
    """Frames to draw for an action that is done in this way, or this many times."""
    if side.isdigit():
        around, each = FRAMES_BY_COUNT[action]
        return min(around + each * int(side), MAX_FRAMES)
    return FRAMES[action]


def groups_of(cases: Collection[Case], wordings: int) -> list[Group]:
    """Groups with about `wordings` different texts in all, taken from the cases in turn."""
    queues = [case.groups() for case in cases]
    found: list[Group] = []
    texts: set[str] = set()
    while any(queues) and len(texts) < wordings:
        for queue in queues:
            if queue and len(texts) < wordings:
                group = queue.pop()
                found.append(group)
                texts.update(group.texts)
    return found


_LEFT_RIGHT = (("left", "right"),)
_LR = ("left", "right")

HAND = tuple(
    Case(action, _LR, templates, _LEFT_RIGHT)
    for action, templates in {
        "wave": (
            "says hello by waving the {} hand", "is waving {} arm high", "gives us a wave with the {} hand only",
            "swings the {} hand overhead to greet somebody", "lifts the {} arm and waves it about",
        ),
        "raise_hand": (
            "sticks the {} hand up in the air", "lifts the {} arm straight overhead", "is holding the {} hand high",
            "wants to ask something and puts up the {} hand", "keeps the {} arm raised for a moment",
        ),
        "punch": (
            "hits the air with the {} fist", "is jabbing with the {} hand", "lands a hit using the {} fist",
            "boxes using nothing but the {} hand", "strikes out with the {} fist",
        ),
        "throw": (
            "tosses a stone with the {} hand", "hurls a ball away using the {} arm", "is throwing a ball {}-handed",
            "lobs something far with the {} arm", "flings a ball with the {} hand",
        ),
        "point": ("shows the way with the {} arm stretched out", "is pointing using the {} hand"),
        "salute": ("gives a salute with the {} hand", "is saluting, {} hand at the brow"),
        "reach": ("stretches out the {} hand for a thing", "is reaching out with the {} arm"),
        "drink": ("lifts a mug with the {} hand to drink", "is drinking, the cup in the {} hand"),
        "beckon": ("calls somebody over with the {} hand", "says come here with the {} hand"),
        "slash": ("is swinging a sword held in the {} hand", "slices the air with a blade in the {} hand"),
    }.items()
)  # fmt: skip

LEG = tuple(
    Case(action, _LR, templates, _LEFT_RIGHT)
    for action, templates in {
        "kick": (
            "gives a kick with the {} leg", "is kicking with the {} foot", "boots a ball using the {} foot",
            "swings the {} leg up in a kick", "kicks the air with the {} foot", "strikes out with the {} leg",
            "lands a kick, {} leg", "throws a {}-legged kick",
        ),
        "lunge": (
            "steps out far with the {} leg and goes down in a lunge", "is doing lunges on the {} leg",
            "lunges, the {} foot in front", "makes a deep lunge with the {} foot ahead",
            "puts the {} leg forward and lunges", "drops into a {} leg lunge",
        ),
        "hop": ("is hopping about on the {} leg", "bounces along on only the {} foot"),
        "balance": ("stays up on just the {} leg", "is balancing on the {} foot"),
        "kneel": ("drops onto the {} knee", "is kneeling, {} knee on the ground"),
    }.items()
)  # fmt: skip

_WAYS = ("forward", "backward")
_WALKS = (
    ("walks forwards", "walks in reverse"),
    ("is walking forward", "is walking backward"),
    ("goes forwards on foot", "goes backwards on foot"),
    ("takes some steps forward", "takes some steps backward"),
    ("moves straight ahead at a walk", "moves straight back at a walk"),
    ("steps ahead again and again", "steps backwards again and again"),
    ("walks in the direction of the nose", "walks rear first"),
)
DIRECTION = (
    Case("walk", _WAYS, ("{}", "calmly {}", "{} for a while", "{} across the room"), _WALKS),
    Case(
        "fall",
        _WAYS,
        ("{}", "suddenly {}"),
        (
            ("falls over frontwards", "falls over backward"),
            ("tumbles onto the face", "tumbles onto the back"),
            ("is falling forward", "is falling backward"),
            ("drops face first", "drops over rearwards"),
        ),
    ),
)

_TEMPI = ("fast", "slow")
_HOW = (
    ("in a great hurry", "without any hurry"),
    ("really fast", "really slowly"),
    ("at high speed", "in slow motion"),
    ("at a fast pace", "at a slow pace"),
    ("very quickly", "very slowly"),
    ("as fast as can be", "as slowly as can be"),
    ("with quick movements", "with slow movements"),
)
SPEED = tuple(
    Case(action, _TEMPI, templates, _HOW)
    for action, templates in {
        "walk": ("is walking {}", "goes for a stroll {}", "takes a few steps {}"),
        "march": ("is marching {}", "goes marching {}"),
        "wave": ("is waving {}", "waves at somebody {}"),
        "clap": ("is clapping {}", "applauds {}"),
        "punch": ("is punching {}", "hits the air {}"),
        "dance": ("is dancing {}", "moves to the music {}"),
        "squat": ("is doing squats {}", "goes down and up {}"),
        "raise_hand": ("puts up a hand {}", "lifts an arm {}"),
        "spin": ("is spinning around {}", "twirls about {}"),
        "pick_up": ("gets a thing from the floor {}", "is picking up a box {}"),
        "point": ("points at something {}",),
        "wash": ("wipes a window {}",),
        "turn": ("is turning around {}",),
        "sidestep": ("moves sideways {}",),
        "jog": ("goes jogging {}",),
    }.items()
)

_LEVELS = ("high", "low")
HEIGHT = (
    Case(
        "kick",
        _LEVELS,
        ("gives a {} kick", "is kicking {}", "kicks something that is {}", "does a {} kick with one leg",
         "aims a kick {}", "lands a {} kick"),
        (("high", "low"), ("very high", "very low"), ("really high", "really low"), ("pretty high", "pretty low")),
    ),
    Case(
        "sit_down",
        _LEVELS,
        ("sits down {}", "is sitting down {}", "takes a place {}", "slowly sits {}", "goes to sit {}"),
        (
            ("on a high stool", "on the bare floor"),
            ("on a kitchen chair", "right on the ground"),
            ("on a bench", "low on the floor"),
            ("on a seat", "on the carpet on the floor"),
        ),
    ),
    Case(
        "reach",
        _LEVELS,
        ("stretches a hand {}", "is reaching {} for a thing"),
        (("up", "forward"), ("up high", "out in front"), ("upwards", "straight ahead")),
    ),
    Case(
        "catch",
        _LEVELS,
        ("gets hold of a ball {}", "is catching a ball {}"),
        (("high up", "at the chest"), ("above the head", "in front of the chest")),
    ),
)  # fmt: skip

_TIMES = {
    "1": ("once", "one time", "a single time", "just once"),
    "2": ("twice", "two times", "2 times", "just twice"),
    "3": ("three times", "3 times", "three times in a row", "just three times"),
    "4": ("four times", "4 times", "four times in a row", "just four times"),
}
_NUMBER = {"1": "one", "2": "two", "3": "three", "4": "four"}


def _counted(action: str, counts: str, verbs: tuple[str, ...], one: str, many: str) -> Case:
    """`verbs` are followed by how many times; `one` and `many` name what is done."""
    fillings = [
        *(tuple(f"{verb} {_TIMES[count][way]}" for count in counts) for way in range(4) for verb in verbs),
        *(
            tuple(f"{verb} {_NUMBER[count]} {one if count == '1' else many}" for count in counts)
            for verb in ("does exactly", "is doing", "performs")
        ),
    ]
    return Case(action, tuple(counts), ("{}",), tuple(fillings))


COUNT = (
    _counted("jump", "1234", ("is jumping in place", "springs up"), "jump", "jumps"),
    _counted("punch", "1234", ("is punching", "hits the air"), "punch", "punches"),
    _counted("kick", "123", ("is kicking", "kicks the air"), "kick", "kicks"),
    _counted("squat", "1234", ("is squatting", "goes down in a squat"), "squat", "squats"),
    _counted("lunge", "123", ("is lunging", "goes down in a lunge"), "lunge", "lunges"),
    _counted("cartwheel", "12", ("is cartwheeling", "goes over in a cartwheel"), "cartwheel", "cartwheels"),
    _counted("spin", "123", ("is spinning", "turns in a circle"), "spin", "spins"),
    _counted("jumping_jack", "1234", ("performs a jumping jack",), "jumping jack", "jumping jacks"),
    _counted("clap", "1234", ("is clapping", "claps loudly"), "clap", "claps"),
    _counted("nod", "234", ("is nodding", "bobs the head"), "nod", "nods"),
    _counted("push_up", "234", ("goes down in a push-up",), "push-up", "push-ups"),
    _counted("sit_up", "234", ("comes up in a sit-up",), "sit-up", "sit-ups"),
)
