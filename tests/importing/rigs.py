"""The skeletons of programs and datasets as they are: with collars, twist bones, fingers, helpers and their own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from walking import Tree

# places of the joints of the left side, in centimetres from the middle of the hips
_PLACES = {
    "hip": (9.0, -2.0, 0.0), "knee": (9.0, -44.0, 0.0), "foot": (9.0, -84.0, 0.0),
    "shoulder": (17.0, 42.0, 0.0), "elbow": (45.0, 42.0, 0.0), "hand": (70.0, 42.0, 0.0), "head": (0.0, 58.0, 0.0),
}  # fmt: skip
_BEFORE = {"hip": (0.0, 0.0, 0.0), "shoulder": (4.0, 40.0, 0.0), "head": (0.0, 46.0, 0.0)}
_AFTER = {"foot": (0.0, -4.0, 14.0), "hand": (4.0, 0.0, 0.0), "head": (0.0, 4.0, 6.0)}
_SIDES = {
    "l": {"Left": "Left", "left": "left", "LEFT": "LEFT", "L": "L", "l": "l", "左": "左"},
    "r": {"Left": "Right", "left": "right", "LEFT": "RIGHT", "L": "R", "l": "r", "左": "右"},
}


@dataclass(frozen=True)
class Rig:
    """Names from the root outwards. `*` marks the joints of the figure, in their order; `{Left}`, `{L}`, … is the side.

    Limbs and the head hang from the joint whose name is before `>`; without one, legs from the last of the root, arms
    and head from the last of the spine. `extra` are more branches, as `parent > names`.
    """

    root: str
    leg: str
    spine: str
    head: str
    arm: str
    extra: tuple[str, ...] = ()


def tree_of(rig: Rig) -> tuple[Tree, dict[str, str], dict[str, str]]:
    """The tree for `walking_bvh`, the names by its keys, and the names of the figure's joints."""
    names: dict[str, str] = {}
    expected: dict[str, str] = {}
    made: dict[str, tuple[str, tuple[float, float, float], list[Tree]]] = {}  # by name: key, place, children

    def add(name: str, key: str, place: tuple[float, float, float], parent: str) -> None:
        while key in names:
            key += "'"
        names[key] = name
        made[name] = key, place, []
        if parent:
            _, above, children = made[parent]
            offset = tuple(a - b for a, b in zip(place, above, strict=True))
            children.append((key, offset, made[name][2]))  # type: ignore[arg-type]

    def chain(text: str, parts: tuple[str, ...], side: str, parent: str) -> None:
        words = [word.format_map(_SIDES.get(side, {})) for word in _words(text)]
        marks = [number for number, word in enumerate(words) if word.startswith("*")]
        assert len(marks) == len(parts), text
        for number, word in enumerate(words):
            name = word.lstrip("*").replace("~", " ")
            place, key = _place(number, marks, parts)
            if side == "r":
                place = (-place[0], *place[1:])
            add(name, f"{side or 'm'}{key}", place, parent)
            if number in marks and (part := parts[marks.index(number)]) != "shoulder":
                where = {"l": "left ", "r": "right "}.get(side, "")
                expected[where + part] = name
            parent = name

    roots = [word.replace("~", " ") for word in _words(rig.root)]
    for number, name in enumerate(roots):
        add(
            name, "hips" if not number else f"m{number}", (0.0, 0.0, 0.0), roots[number - 1] if number else ""
        )
    spine = [word.replace("~", " ") for word in _words(rig.spine)]
    for number, name in enumerate(spine):
        height = 8.0 + 30.0 * number / max(len(spine) - 1, 1)
        add(name, f"mspine{number}", (0.0, height, 0.0), spine[number - 1] if number else roots[-1])
    parent, sign, rest = rig.head.rpartition(">")
    chain(rest, ("head",), "", parent.strip() if sign else spine[-1])
    for side in "lr":
        for text, parts, default in (
            (rig.leg, ("hip", "knee", "foot"), roots[-1]), (rig.arm, ("shoulder", "elbow", "hand"), spine[-1]),
        ):  # fmt: skip
            parent, sign, rest = text.rpartition(">")
            parent = parent.strip().replace("~", " ") if sign else default
            if parent not in made:
                add(parent, "mhelper", (0.0, 0.0, 0.0), roots[-1])
            chain(rest, parts, side, parent)
    for branch in rig.extra:
        for side in "lr" if "{" in branch else "m":
            parent, _, rest = branch.format_map(_SIDES.get(side, {})).partition(">")
            parent = parent.strip().replace("~", " ")
            x, y, z = made[parent][1]
            for number, word in enumerate(_words(rest)):
                step = number + 1
                out = {"l": 1, "r": -1}.get(side, 0)
                name = word.replace("~", " ")
                add(name, f"{side}extra", (x + 3 * step * out, y, z + 2 * step), parent)
                parent = name
    key, offset, children = made[roots[0]]
    return (key, offset, children), names, expected


def _words(text: str) -> list[str]:
    return text.split()


def _place(number: int, marks: list[int], parts: tuple[str, ...]) -> tuple[tuple[float, float, float], str]:
    """Where joint `number` of a chain is, and its key in the walk: its own, or between, before or after those of the figure."""
    if number in marks:
        part = parts[marks.index(number)]
        return _PLACES[part], part
    if number < marks[0]:
        first, count = _BEFORE[parts[0]], marks[0]
        low, high = first, _PLACES[parts[0]]
        share = number / count
        return _between(low, high, share), "before"
    if number > marks[-1]:
        x, y, z = _PLACES[parts[-1]]
        a, b, c = _AFTER[parts[-1]]
        step = number - marks[-1]
        return (x + a * step, y + b * step, z + c * step), "after"
    above = max(mark for mark in marks if mark < number)
    below = min(mark for mark in marks if mark > number)
    low, high = _PLACES[parts[marks.index(above)]], _PLACES[parts[marks.index(below)]]
    return _between(low, high, (number - above) / (below - above)), "twist"


def _between(
    low: tuple[float, float, float], high: tuple[float, float, float], share: float
) -> tuple[float, float, float]:
    x, y, z = (a + (b - a) * share for a, b in zip(low, high, strict=True))
    return x, y, z


def mixamo(prefix: str) -> Rig:
    p = prefix
    return Rig(
        f"{p}Hips",
        f"*{p}{{Left}}UpLeg *{p}{{Left}}Leg *{p}{{Left}}Foot {p}{{Left}}ToeBase {p}{{Left}}Toe_End",
        f"{p}Spine {p}Spine1 {p}Spine2",
        f"{p}Neck *{p}Head {p}HeadTop_End",
        f"{p}{{Left}}Shoulder *{p}{{Left}}Arm *{p}{{Left}}ForeArm *{p}{{Left}}Hand",
        tuple(f"{p}{{Left}}Hand > {p}{{Left}}Hand{f}1 {p}{{Left}}Hand{f}2 {p}{{Left}}Hand{f}3 {p}{{Left}}Hand{f}4" for f in ("Thumb", "Index", "Middle", "Ring", "Pinky")),
    )  # fmt: skip


def mannequin(spines: int, necks: int, twists: int) -> Rig:
    return Rig(
        "root pelvis",
        "*thigh_{l} *calf_{l} *foot_{l} ball_{l}",
        " ".join(f"spine_{n:02}" for n in range(1, spines + 1)),
        " ".join(f"neck_{n:02}" for n in range(1, necks + 1)) + " *head",
        "clavicle_{l} *upperarm_{l} *lowerarm_{l} *hand_{l}",
        (
            "root > ik_foot_root", "ik_foot_root > ik_foot_{l}", "root > ik_hand_root ik_hand_gun", "ik_hand_gun > ik_hand_{l}",
            *(f"{bone}_{{l}} > {bone}_twist_{n:02}_{{l}}" for bone in ("thigh", "calf", "upperarm", "lowerarm") for n in range(1, twists + 1)),
            *(f"hand_{{l}} > {f}_01_{{l}} {f}_02_{{l}} {f}_03_{{l}}" for f in ("thumb", "index", "middle", "ring", "pinky")),
        ),
    )  # fmt: skip


RIGS: Mapping[str, Rig] = {
    "CMU by cgspeed": Rig("Hips", "{L}HipJoint *{Left}UpLeg *{Left}Leg *{Left}Foot {Left}ToeBase", "LowerBack Spine Spine1", "Neck Neck1 *Head", "{Left}Shoulder *{Left}Arm *{Left}ForeArm *{Left}Hand {Left}FingerBase {Left}HandIndex1", ("{Left}Hand > {L}Thumb",)),
    "CMU in Acclaim's names": Rig("root", "{l}hipjoint *{l}femur *{l}tibia *{l}foot {l}toes", "lowerback upperback thorax", "lowerneck upperneck *head", "{l}clavicle *{l}humerus *{l}radius *{l}wrist {l}hand {l}fingers", ("{l}wrist > {l}thumb",)),
    "LAFAN1": Rig("Hips", "*{Left}UpLeg *{Left}Leg *{Left}Foot {Left}Toe", "Spine Spine1 Spine2", "Neck *Head", "{Left}Shoulder *{Left}Arm *{Left}ForeArm *{Left}Hand"),
    "100STYLE": Rig("Hips", "*{Left}Hip *{Left}Knee *{Left}Ankle {Left}Toe", "Chest Chest2 Chest3 Chest4", "Neck *Head", "{Left}Collar *{Left}Shoulder *{Left}Elbow *{Left}Wrist"),
    "BONES-SEED": Rig("Root Hips", "*{Left}Leg *{Left}Shin *{Left}Foot {Left}ToeBase {Left}ToeEnd", "Spine1 Spine2 Chest", "Neck1 Neck2 *Head HeadEnd", "{Left}Shoulder *{Left}Arm *{Left}ForeArm *{Left}Hand", ("Head > Jaw", "Head > {Left}Eye", *(f"{{Left}}Hand > {{Left}}Hand{f}1 {{Left}}Hand{f}2 {{Left}}Hand{f}3 {{Left}}Hand{f}End" for f in ("Thumb", "Index", "Middle", "Ring", "Pinky")))),
    "Bandai-Namco": Rig("joint_Root Hips", "*UpperLeg_{L} *LowerLeg_{L} *Foot_{L} Toes_{L}", "Spine Chest", "Neck *Head", "Shoulder_{L} *UpperArm_{L} *LowerArm_{L} *Hand_{L}"),
    "Mixamo": mixamo("mixamorig:"),
    "Mixamo by Blender": mixamo("mixamorig1_"),
    "Ready Player Me": mixamo(""),
    "Unity's importer": mixamo("Character1_"),
    "Rokoko": Rig("Hips", "*{Left}Thigh *{Left}Shin *{Left}Foot {Left}Toe {Left}ToeTip", "Spine1 Spine2 Spine3 Spine4", "Neck *Head", "{Left}Shoulder *{Left}Arm *{Left}ForeArm *{Left}Hand", tuple(f"{{Left}}Hand > {{Left}}Finger{n}Metacarpal {{Left}}Finger{n}Proximal {{Left}}Finger{n}Distal" for n in range(1, 6))),
    "Xsens in 3ds Max's names": Rig("Hips", "*{Left}Hip *{Left}Knee *{Left}Ankle {Left}Toe", "Chest Chest2 Chest3 Chest4", "Neck *Head", "{Left}Collar *{Left}Shoulder *{Left}Elbow *{Left}Wrist"),
    "Xsens MVN": Rig("Pelvis", "*{Left}UpperLeg *{Left}LowerLeg *{Left}Foot {Left}Toe", "L5 L3 T12 T8", "Neck *Head", "{Left}Shoulder *{Left}UpperArm *{Left}ForeArm *{Left}Hand"),
    "OptiTrack Motive": Rig("Skeleton001_Hip", "*Skeleton001_{L}Thigh *Skeleton001_{L}Shin *Skeleton001_{L}Foot Skeleton001_{L}Toe", "Skeleton001_Ab Skeleton001_Chest", "Skeleton001_Neck *Skeleton001_Head", "Skeleton001_{L}Shoulder *Skeleton001_{L}UArm *Skeleton001_{L}FArm *Skeleton001_{L}Hand", tuple(f"Skeleton001_{{L}}Hand > Skeleton001_{{L}}{f}1 Skeleton001_{{L}}{f}2 Skeleton001_{{L}}{f}3" for f in ("Thumb", "Index", "Middle", "Ring", "Pinky"))),
    "Motive for Unreal": Rig("Hips", "*{Left}UpLeg *{Left}Leg *{Left}Foot {Left}ToeBase", "Spine Spine1", "Neck *Head", "{Left}Shoulder *{Left}Arm *{Left}ForeArm *{Left}Hand"),
    "Vicon Blade": Rig("Root PELVIS", "*{L}FEMUR *{L}TIBIA *{L}FOOT {L}TOES", "LOWERTORSO THORAX", "NECK *HEAD", "{L}CLAVICLE *{L}HUMERUS *{L}RADIUS *{L}HAND"),
    "Vicon Shogun": Rig("Hips", "*{Left}UpLeg *{Left}Leg *{Left}Foot {Left}ToeBase", "Spine Spine1 Spine2 Spine3", "Neck Neck1 *Head HeadEnd", "{Left}Shoulder {Left}ShoulderEnd *{Left}Arm *{Left}ForeArm *{Left}Hand {Left}HandMiddle1"),
    "Perception Neuron": Rig("Hips", "*{Left}UpLeg *{Left}Leg *{Left}Foot", "Spine Spine1 Spine2 Spine3", "Neck *Head", "{Left}Shoulder *{Left}Arm *{Left}ForeArm *{Left}Hand", tuple(f"{{Left}}Hand > {{Left}}InHand{f} {{Left}}Hand{f}1 {{Left}}Hand{f}2" for f in ("Index", "Middle", "Ring", "Pinky"))),
    "Axis Studio with a prefix": Rig("Robot_Hips", "*Robot_{Left}UpLeg *Robot_{Left}Leg *Robot_{Left}Foot", "Robot_Spine Robot_Spine1 Robot_Spine2", "Robot_Neck Robot_Neck1 *Robot_Head", "Robot_{Left}Shoulder *Robot_{Left}Arm *Robot_{Left}ForeArm *Robot_{Left}Hand", ("Robot_{Left}Hand > Robot_{Left}HandThumb1 Robot_{Left}HandThumb2",)),
    "Rigify's meta-rig": Rig("spine", "*thigh.{L} *shin.{L} *foot.{L} toe.{L}", "spine.001 spine.002 spine.003", "spine.004 spine.005 *spine.006", "shoulder.{L} *upper_arm.{L} *forearm.{L} *hand.{L}", ("spine > pelvis.{L}", "spine.003 > breast.{L}", "foot.{L} > heel.02.{L}", "hand.{L} > palm.01.{L} f_index.01.{L} f_index.02.{L}", "hand.{L} > palm.02.{L} f_middle.01.{L} f_middle.02.{L}")),
    "Rigify, deforming": Rig("DEF-spine", "*DEF-thigh.{L} DEF-thigh.{L}.001 *DEF-shin.{L} DEF-shin.{L}.001 *DEF-foot.{L} DEF-toe.{L}", "DEF-spine.001 DEF-spine.002 DEF-spine.003", "DEF-spine.004 DEF-spine.005 *DEF-spine.006", "DEF-shoulder.{L} *DEF-upper_arm.{L} DEF-upper_arm.{L}.001 *DEF-forearm.{L} DEF-forearm.{L}.001 *DEF-hand.{L}", ("DEF-spine > DEF-pelvis.{L}",)),
    "Auto-Rig Pro": Rig("root.x", "*thigh_stretch.{l} *leg_stretch.{l} *foot.{l} toes_01.{l}", "spine_01.x spine_02.x spine_03.x", "neck.x *head.x", "shoulder.{l} *arm_stretch.{l} *forearm_stretch.{l} *hand.{l}", ("hand.{l} > index1.{l} index2.{l}",)),
    "Auto-Rig Pro, with twists": Rig("root.x", "*thigh_twist.{l} thigh_stretch.{l} *leg_stretch.{l} leg_twist.{l} *foot.{l} toes_01.{l}", "spine_01.x spine_02.x spine_03.x", "neck.x *head.x", "shoulder.{l} *arm_twist.{l} arm_stretch.{l} *forearm_stretch.{l} forearm_twist.{l} *hand.{l}"),
    "FreeMoCap": Rig("pelvis", "pelvis.{L} *thigh.{L} *shin.{L} *foot.{L}", "spine spine.001", "neck *face", "shoulder.{L} *upper_arm.{L} *forearm.{L} *hand.{L}", ("foot.{L} > heel.02.{L}", "hand.{L} > thumb.carpal.{L} thumb.01.{L}", "hand.{L} > palm.01.{L} f_index.01.{L}")),
    "Unreal Engine 4": mannequin(3, 1, 1),
    "Unreal Engine 5": mannequin(5, 2, 2),
    "Unity": Rig("Hips", "*{Left}UpperLeg *{Left}LowerLeg *{Left}Foot {Left}Toes", "Spine Chest UpperChest", "Neck *Head", "{Left}Shoulder *{Left}UpperArm *{Left}LowerArm *{Left}Hand", ("Head > {Left}Eye", "Head > Jaw")),
    "VRM 1.0": Rig("hips", "*{left}UpperLeg *{left}LowerLeg *{left}Foot {left}Toes", "spine chest upperChest", "neck *head", "{left}Shoulder *{left}UpperArm *{left}LowerArm *{left}Hand", ("head > {left}Eye", "head > jaw")),
    "VRoid": Rig("Root J_Bip_C_Hips", "*J_Bip_{L}_UpperLeg *J_Bip_{L}_LowerLeg *J_Bip_{L}_Foot J_Bip_{L}_ToeBase", "J_Bip_C_Spine J_Bip_C_Chest J_Bip_C_UpperChest", "J_Bip_C_Neck *J_Bip_C_Head", "J_Bip_{L}_Shoulder *J_Bip_{L}_UpperArm *J_Bip_{L}_LowerArm *J_Bip_{L}_Hand", ("J_Bip_C_UpperChest > J_Sec_{L}_Bust1 J_Sec_{L}_Bust2", "J_Bip_C_Head > J_Adj_{L}_FaceEye", "J_Bip_C_Head > J_Sec_Hair1_01 J_Sec_Hair2_01 J_Sec_Hair3_01", "J_Bip_C_Hips > J_Sec_{L}_SkirtBack0_01 J_Sec_{L}_SkirtBack1_01")),
    "DAZ Genesis 2": Rig("hip pelvis", "*{l}Thigh *{l}Shin *{l}Foot {l}Toe", "abdomen abdomen2 chest", "neck *head", "{l}Collar *{l}Shldr *{l}ForeArm *{l}Hand", ("head > {l}Eye", "{l}Hand > {l}Thumb1 {l}Thumb2", "{l}Hand > {l}Carpal1 {l}Index1 {l}Index2")),
    "DAZ Genesis 8": Rig("hip pelvis", "*{l}ThighBend {l}ThighTwist *{l}Shin *{l}Foot {l}Metatarsals {l}Toe", "abdomenLower abdomenUpper chestLower chestUpper", "neckLower neckUpper *head", "{l}Collar *{l}ShldrBend {l}ShldrTwist *{l}ForearmBend {l}ForearmTwist *{l}Hand", ("head > upperFaceRig", "head > {l}Eye", "chestLower > {l}Pectoral", "{l}Foot > {l}Heel")),
    "DAZ Genesis 9": Rig("hip pelvis", "*{l}_thigh {l}_thightwist1 {l}_thightwist2 *{l}_shin *{l}_foot {l}_metatarsal {l}_toes", "spine1 spine2 spine3 spine4", "neck1 neck2 *head", "{l}_shoulder *{l}_upperarm {l}_upperarmtwist1 {l}_upperarmtwist2 *{l}_forearm {l}_forearmtwist1 *{l}_hand", ("head > {l}_eye", "spine4 > {l}_pectoral")),
    "Poser": Rig("hip", "{l}Buttock *{l}Thigh *{l}Shin *{l}Foot {l}Toe", "abdomen chest", "neck *head", "{l}Collar *{l}Shldr *{l}ForeArm *{l}Hand", ("head > {l}eye",)),
    "Poser in words": Rig("Hip", "{Left}~Buttock *{Left}~Thigh *{Left}~Shin *{Left}~Foot {Left}~Toe", "Abdomen Chest", "Neck *Head", "{Left}~Collar *{Left}~Shoulder *{Left}~Forearm *{Left}~Hand"),
    "Second Life's uploads": Rig("hip", "*{l}Thigh *{l}Shin *{l}Foot", "abdomen chest", "neckDummy neck *head figureHair", "{l}Collar *{l}Shldr *{l}ForeArm *{l}Hand"),
    "Second Life": Rig("mPelvis", "*mHip{Left} *mKnee{Left} *mAnkle{Left} mFoot{Left} mToe{Left}", "mSpine1 mSpine2 mTorso mSpine3 mSpine4 mChest", "mNeck *mHead mSkull", "mCollar{Left} *mShoulder{Left} *mElbow{Left} *mWrist{Left} mHandMiddle1{Left}", ("mHead > mEye{Left}", "mPelvis > mHindLimbsRoot", "mHindLimbsRoot > mHindLimb1{Left} mHindLimb2{Left} mHindLimb3{Left}", "mChest > mWing1{Left} mWing2{Left}", "mPelvis > mTail1 mTail2")),
    "Character Creator": Rig("RL_BoneRoot CC_Base_Hip", "CC_Base_Pelvis > *CC_Base_{L}_Thigh *CC_Base_{L}_Calf *CC_Base_{L}_Foot CC_Base_{L}_ToeBase", "CC_Base_Pelvis CC_Base_Waist CC_Base_Spine01 CC_Base_Spine02", "CC_Base_NeckTwist01 CC_Base_NeckTwist02 *CC_Base_Head", "CC_Base_{L}_Clavicle *CC_Base_{L}_Upperarm *CC_Base_{L}_Forearm *CC_Base_{L}_Hand", ("CC_Base_{L}_Thigh > CC_Base_{L}_ThighTwist01 CC_Base_{L}_ThighTwist02", "CC_Base_{L}_Calf > CC_Base_{L}_CalfTwist01", "CC_Base_{L}_Calf > CC_Base_{L}_KneeShareBone", "CC_Base_{L}_Upperarm > CC_Base_{L}_UpperarmTwist01", "CC_Base_{L}_Forearm > CC_Base_{L}_ElbowShareBone", "CC_Base_{L}_Foot > CC_Base_{L}_ToeBaseShareBone", "CC_Base_Head > CC_Base_FacialBone CC_Base_JawRoot CC_Base_Tongue01", "CC_Base_Spine02 > CC_Base_{L}_RibsTwist CC_Base_{L}_Breast")),
    "iClone's older figures": Rig("Hips", "*{L}_Thigh *{L}_Calf *{L}_Foot {L}_Toe0", "Waist Spine Spine1", "Neck *Head", "{L}_Clavicle *{L}_UpperArm *{L}_ForeArm *{L}_Hand"),
    "3ds Max Biped": Rig("Bip01 Bip01~Pelvis", "Bip01~Spine > *Bip01~{L}~Thigh *Bip01~{L}~Calf *Bip01~{L}~Foot Bip01~{L}~Toe0", "Bip01~Spine Bip01~Spine1 Bip01~Spine2", "Bip01~Neck *Bip01~Head", "Bip01~Neck > Bip01~{L}~Clavicle *Bip01~{L}~UpperArm *Bip01~{L}~Forearm *Bip01~{L}~Hand", ("Bip01~{L}~Hand > Bip01~{L}~Finger0 Bip01~{L}~Finger01", "Bip01 > Bip01~Footsteps", "Bip01~Head > Bip01~Ponytail1 Bip01~Ponytail11")),
    "Biped with underscores": Rig("Bip001 Bip001_Pelvis", "*Bip001_{L}_Thigh *Bip001_{L}_Calf *Bip001_{L}_Foot Bip001_{L}_Toe0", "Bip001_Spine Bip001_Spine1 Bip001_Spine2", "Bip001_Neck *Bip001_Head", "Bip001_{L}_Clavicle *Bip001_{L}_UpperArm *Bip001_{L}_Forearm *Bip001_{L}_Hand", ("Bip001_{L}_Thigh > Bip001_{L}ThighTwist", "Bip001_{L}_Forearm > Bip001_{L}_ForeTwist")),
    "Character Studio": Rig("Hips", "*{Left}Hip *{Left}Knee *{Left}Ankle {Left}Toe", "Chest CS_BVH", "Neck *Head", "{Left}Collar *{Left}Shoulder *{Left}Elbow *{Left}Wrist"),
    "MotionBuilder with rolls": Rig("Reference Hips", "*{Left}UpLeg {Left}UpLegRoll *{Left}Leg {Left}LegRoll *{Left}Foot {Left}ToeBase", "Spine Spine1 Spine2 Spine3", "Neck *Head", "{Left}Shoulder *{Left}Arm {Left}ArmRoll *{Left}ForeArm {Left}ForeArmRoll *{Left}Hand"),
    "Kinect 1": Rig("HipCenter", "*Hip{Left} *Knee{Left} *Ankle{Left} Foot{Left}", "Spine ShoulderCenter", "*Head", "*Shoulder{Left} *Elbow{Left} *Wrist{Left} Hand{Left}"),
    "Kinect 2": Rig("SpineBase", "*Hip{Left} *Knee{Left} *Ankle{Left} Foot{Left}", "SpineMid SpineShoulder", "Neck *Head", "*Shoulder{Left} *Elbow{Left} *Wrist{Left} Hand{Left} HandTip{Left}", ("Wrist{Left} > Thumb{Left}",)),
    "Azure Kinect": Rig("PELVIS", "*HIP_{LEFT} *KNEE_{LEFT} *ANKLE_{LEFT} FOOT_{LEFT}", "SPINE_NAVEL SPINE_CHEST", "NECK *HEAD", "CLAVICLE_{LEFT} *SHOULDER_{LEFT} *ELBOW_{LEFT} *WRIST_{LEFT} HAND_{LEFT} HANDTIP_{LEFT}", ("WRIST_{LEFT} > THUMB_{LEFT}", "HEAD > EYE_{LEFT}", "HEAD > EAR_{LEFT}", "HEAD > NOSE")),
    "K4ABT": Rig("K4ABT_JOINT_PELVIS", "*K4ABT_JOINT_HIP_{LEFT} *K4ABT_JOINT_KNEE_{LEFT} *K4ABT_JOINT_ANKLE_{LEFT} K4ABT_JOINT_FOOT_{LEFT}", "K4ABT_JOINT_SPINE_NAVEL K4ABT_JOINT_SPINE_CHEST", "K4ABT_JOINT_NECK *K4ABT_JOINT_HEAD K4ABT_JOINT_NOSE", "K4ABT_JOINT_CLAVICLE_{LEFT} *K4ABT_JOINT_SHOULDER_{LEFT} *K4ABT_JOINT_ELBOW_{LEFT} *K4ABT_JOINT_WRIST_{LEFT} K4ABT_JOINT_HAND_{LEFT}"),
    "Nuitrack": Rig("JOINT_WAIST", "*JOINT_{LEFT}_HIP *JOINT_{LEFT}_KNEE *JOINT_{LEFT}_ANKLE", "JOINT_TORSO", "JOINT_NECK *JOINT_HEAD", "JOINT_{LEFT}_COLLAR *JOINT_{LEFT}_SHOULDER *JOINT_{LEFT}_ELBOW *JOINT_{LEFT}_WRIST JOINT_{LEFT}_HAND"),
    "Move.ai": Rig("Root Hips", "*{Left}UpLeg *{Left}Leg *{Left}Foot {Left}ToeBase {Left}Toe_End", "Spine Spine1 Spine2", "Neck *Head Head_End", "{Left}Shoulder *{Left}Arm *{Left}ForeArm *{Left}Hand {Left}Hand_End"),
    "DeepMotion": Rig("hips_JNT", "*{l}_upleg_JNT *{l}_leg_JNT *{l}_foot_JNT {l}_toebase_JNT", "spine_JNT spine1_JNT spine2_JNT", "neck_JNT *head_JNT", "{l}_shoulder_JNT *{l}_arm_JNT *{l}_forearm_JNT *{l}_hand_JNT", ("{l}_hand_JNT > {l}_handThumb1_JNT {l}_handThumb2_JNT", "{l}_hand_JNT > {l}_handIndex1_JNT")),
    "Plask": Rig("hips", "*{left}UpLeg *{left}Leg *{left}Foot {left}ToeBase", "spine spine1 spine2", "neck *head", "{left}Shoulder *{left}Arm *{left}ForeArm *{left}Hand", ("{left}Hand > {left}HandIndex1 {left}HandIndex2",)),
    "Radical": Rig("Root Hips", "*{Left}UpLeg *{Left}Leg *{Left}Foot {Left}ToeBase", "Spine Spine1 Spine2", "Neck *Head", "{Left}Shoulder *{Left}Arm *{Left}ForeArm *{Left}Hand"),
    "SMPL": Rig("Pelvis", "*{L}_Hip *{L}_Knee *{L}_Ankle {L}_Foot", "Spine1 Spine2 Spine3", "Neck *Head", "{L}_Collar *{L}_Shoulder *{L}_Elbow *{L}_Wrist {L}_Hand"),
    "SMPL by its Maya file": Rig("m_avg_root m_avg_Pelvis", "*m_avg_{L}_Hip *m_avg_{L}_Knee *m_avg_{L}_Ankle m_avg_{L}_Foot", "m_avg_Spine1 m_avg_Spine2 m_avg_Spine3", "m_avg_Neck *m_avg_Head", "m_avg_{L}_Collar *m_avg_{L}_Shoulder *m_avg_{L}_Elbow *m_avg_{L}_Wrist m_avg_{L}_Hand"),
    "SMPL by smpl2bvh": Rig("Pelvis", "*{Left}_hip *{Left}_knee *{Left}_ankle {Left}_foot", "Spine1 Spine2 Spine3", "Neck *Head", "{Left}_collar *{Left}_shoulder *{Left}_elbow *{Left}_wrist {Left}_palm"),
    "SMPL-X": Rig("root pelvis", "*{left}_hip *{left}_knee *{left}_ankle {left}_foot", "spine1 spine2 spine3", "neck *head", "{left}_collar *{left}_shoulder *{left}_elbow *{left}_wrist", ("head > jaw", "head > {left}_eye_smplhf", *(f"{{left}}_wrist > {{left}}_{f}1 {{left}}_{f}2 {{left}}_{f}3" for f in ("index", "middle", "pinky", "ring", "thumb")))),
    "MakeHuman": Rig("root", "pelvis.{L} *upperleg01.{L} upperleg02.{L} *lowerleg01.{L} lowerleg02.{L} *foot.{L} toe1-1.{L} toe1-2.{L}", "spine05 spine04 spine03 spine02 spine01", "neck01 neck02 neck03 *head", "clavicle.{L} shoulder01.{L} *upperarm01.{L} upperarm02.{L} *lowerarm01.{L} lowerarm02.{L} *wrist.{L}", ("wrist.{L} > metacarpal1.{L} finger2-1.{L} finger2-2.{L}", "foot.{L} > toe2-1.{L} toe2-2.{L}", "head > jaw special04", "head > eye.{L}", "spine02 > breast.{L}")),
    "MakeHuman, CMU": Rig("Hips", "{L}HipJoint *{Left}UpLeg *{Left}Leg *{Left}Foot {Left}ToeBase", "LowerBack Spine Spine1", "Neck Neck1 *Head", "{Left}Shoulder *{Left}Arm *{Left}ForeArm *{Left}Hand {Left}FingerBase"),
    "MB-Lab": Rig("root pelvis", "*thigh_{L} *calf_{L} *foot_{L} toes_{L}", "spine01 spine02 spine03", "neck *head", "clavicle_{L} *upperarm_{L} *lowerarm_{L} *hand_{L}", ("thigh_{L} > thigh_twist_{L}", "lowerarm_{L} > lowerarm_twist_{L}", "spine03 > breast_{L}", "hand_{L} > thumb01_{L} thumb02_{L}", "foot_{L} > rot_helper01_{L}")),
    "Truebones": Rig("Hips", "*{Left}Hip *{Left}Knee *{Left}Ankle {Left}Toe", "Chest Chest2", "Neck *Head", "{Left}Collar *{Left}Shoulder *{Left}Elbow *{Left}Wrist"),
    "MMD": Rig("全ての親 センター グルーブ 腰", "下半身 > *{左}足 *{左}ひざ *{左}足首 {左}つま先", "上半身 上半身2", "首 *頭", "{左}肩 *{左}腕 {左}腕捩 *{左}ひじ {左}手捩 *{左}手首", ("全ての親 > {左}足IK親 {左}足ＩＫ {左}つま先ＩＫ", "頭 > {左}目", "{左}手首 > {左}人指１ {左}人指２")) ,
    "MMD with D bones": Rig("全ての親 センター グルーブ 腰", "下半身 > 腰キャンセル{左} *{左}足 *{左}ひざ *{左}足首 {左}つま先", "上半身 上半身2", "首 *頭", "{左}肩P {左}肩 {左}肩C *{左}腕 *{左}ひじ *{左}手首"),
    "SlimeVR": Rig("HIP", "{LEFT}_HIP *{LEFT}_UPPER_LEG *{LEFT}_LOWER_LEG *{LEFT}_FOOT", "WAIST CHEST UPPER_CHEST", "NECK *HEAD", "{LEFT}_UPPER_SHOULDER {LEFT}_SHOULDER *{LEFT}_UPPER_ARM *{LEFT}_LOWER_ARM *{LEFT}_HAND"),
    "SlimeVR, older": Rig("HIP", "*{LEFT}_HIP *{LEFT}_KNEE *{LEFT}_ANKLE {LEFT}_FOOT", "WAIST CHEST", "NECK *HEAD", "{LEFT}_SHOULDER *{LEFT}_UPPER_ARM *{LEFT}_ELBOW *{LEFT}_WRIST {LEFT}_HAND"),
    "Captury": Rig("Root Hips", "*{Left}UpLeg *{Left}Leg *{Left}Foot {Left}ToeBase {Left}FootEE", "Spine Spine1 Spine2 Spine3 Spine4", "Neck *Head HeadEE", "{Left}Shoulder *{Left}Arm *{Left}ForeArm *{Left}Hand {Left}HandEE"),
    "Sony mocopi": Rig("root", "*{l}_up_leg *{l}_low_leg *{l}_foot {l}_toes", "torso_1 torso_2 torso_3 torso_4 torso_5 torso_6 torso_7", "neck_1 neck_2 *head", "{l}_shoulder *{l}_up_arm *{l}_low_arm *{l}_hand"),
    "ARKit": Rig("root hips_joint", "*{left}_upLeg_joint *{left}_leg_joint *{left}_foot_joint {left}_toes_joint {left}_toesEnd_joint", "spine_1_joint spine_2_joint spine_3_joint spine_4_joint spine_5_joint spine_6_joint spine_7_joint", "neck_1_joint neck_2_joint neck_3_joint neck_4_joint *head_joint", "{left}_shoulder_1_joint *{left}_arm_joint *{left}_forearm_joint *{left}_hand_joint", ("head_joint > jaw_joint chin_joint", "head_joint > {left}_eye_joint", "{left}_hand_joint > {left}_handIndexStart_joint {left}_handIndex_1_joint")),
    "Meta Movement": Rig("Body_Root Body_Hips", "*Body_{Left}LegUpper *Body_{Left}LegLower *Body_{Left}FootAnkle Body_{Left}FootSubtalar Body_{Left}FootBall", "Body_SpineLower Body_SpineMiddle Body_SpineUpper Body_Chest", "Body_Neck *Body_Head", "Body_{Left}Shoulder Body_{Left}Scapula *Body_{Left}ArmUpper *Body_{Left}ArmLower *Body_{Left}HandWrist Body_{Left}HandPalm"),
    "WebXR": Rig("hips", "*{left}-upper-leg *{left}-lower-leg *{left}-foot-ankle {left}-foot-subtalar {left}-foot-ball", "spine-lower spine-middle spine-upper chest", "neck *head", "{left}-shoulder {left}-scapula *{left}-arm-upper *{left}-arm-lower *{left}-hand-wrist {left}-hand-palm"),
    "Advanced Skeleton": Rig("Root_M", "*Hip_{L} HipPart1_{L} *Knee_{L} KneePart1_{L} *Ankle_{L} Toes_{L}", "Spine1_M Spine2_M Chest_M", "Neck_M *Head_M Jaw_M", "Scapula_{L} *Shoulder_{L} ShoulderPart1_{L} *Elbow_{L} ElbowPart1_{L} *Wrist_{L}", ("Wrist_{L} > Cup_{L} PinkyFinger1_{L}", "Wrist_{L} > IndexFinger1_{L} IndexFinger2_{L}")),
    "mGear": Rig("global_C0_0_jnt spine_C0_pelvis_jnt", "*leg_{L}0_0_jnt *leg_{L}0_1_jnt *leg_{L}0_end_jnt foot_{L}0_0_jnt foot_{L}0_1_jnt", "spine_C0_01_jnt spine_C0_02_jnt spine_C0_03_jnt", "neck_C0_0_jnt *neck_C0_head_jnt", "shoulder_{L}0_0_jnt *arm_{L}0_0_jnt *arm_{L}0_1_jnt *arm_{L}0_end_jnt", ("arm_{L}0_end_jnt > finger_{L}0_0_jnt finger_{L}0_1_jnt",)),
    "Valve": Rig("ValveBiped.Bip01_Pelvis", "*ValveBiped.Bip01_{L}_Thigh *ValveBiped.Bip01_{L}_Calf *ValveBiped.Bip01_{L}_Foot ValveBiped.Bip01_{L}_Toe0", "ValveBiped.Bip01_Spine ValveBiped.Bip01_Spine1 ValveBiped.Bip01_Spine2 ValveBiped.Bip01_Spine4", "ValveBiped.Bip01_Neck1 *ValveBiped.Bip01_Head1 ValveBiped.forward", "ValveBiped.Bip01_{L}_Clavicle *ValveBiped.Bip01_{L}_UpperArm *ValveBiped.Bip01_{L}_Forearm *ValveBiped.Bip01_{L}_Hand", ("ValveBiped.Bip01_{L}_Hand > ValveBiped.Bip01_{L}_Finger0 ValveBiped.Bip01_{L}_Finger01", "ValveBiped.Bip01_{L}_Hand > ValveBiped.Anim_Attachment_{L}H")),
    "Trinity and Talking with Hands": Rig("body_world b_root", "*b_{l}_upleg *b_{l}_leg *b_{l}_foot b_{l}_toe", "b_spine0 b_spine1 b_spine2 b_spine3", "b_neck0 *b_head", "b_{l}_shoulder *b_{l}_arm b_{l}_arm_twist *b_{l}_forearm b_{l}_wrist_twist *b_{l}_wrist b_{l}_index1", ("b_{l}_wrist > b_{l}_thumb0 b_{l}_thumb1",)),
    "BEAT": Rig("Hips", "*{Left}UpLeg *{Left}Leg *{Left}Foot {Left}ForeFoot {Left}ToeBase {Left}ToeBaseEnd", "Spine Spine1 Spine2 Spine3", "Neck Neck1 *Head HeadEnd", "{Left}Shoulder *{Left}Arm *{Left}ForeArm *{Left}Hand", tuple(f"{{Left}}Hand > {{Left}}Hand{f} {{Left}}Hand{f}1 {{Left}}Hand{f}2" for f in ("Index", "Ring"))),
    "iPi Soft": Rig("Hip", "*{L}Thigh *{L}Shin *{L}Foot {L}Toe", "LowerSpine MiddleSpine Chest", "Neck *Head", "{L}Clavicle *{L}Shoulder *{L}Forearm *{L}Hand"),
    "Shadow": Rig("Hips", "*{Left}Thigh *{Left}Leg *{Left}Foot {Left}Toe", "SpineLow SpineMid Chest", "Neck *Head", "{Left}Shoulder *{Left}Arm *{Left}Forearm *{Left}Hand"),
    "Theia3D": Rig("worldbody pelvis", "*{l}_thigh *{l}_shank *{l}_foot {l}_toes", "abdomen thorax", "neck *head", "*{l}_uarm *{l}_larm *{l}_hand"),
    "OpenSim": Rig("ground pelvis", "*femur_{l} *tibia_{l} *talus_{l} calcn_{l} toes_{l}", "torso", "*head", "*humerus_{l} *ulna_{l} radius_{l} *hand_{l}"),
    "Human3.6M": Rig("Hip", "*{L}Hip *{L}Knee *{L}Ankle", "Spine Thorax", "Neck *Head", "*{L}Shoulder *{L}Elbow *{L}Wrist"),
    "Cascadeur": Rig("pelvis", "*thigh_{l} *calf_{l} *foot_{l} toe_{l}", "stomach chest", "neck *head", "clavicle_{l} *arm_{l} *forearm_{l} *hand_{l}"),
    "Synty": Rig("Root Hips", "*UpperLeg_{L} *LowerLeg_{L} *Ankle_{L} Ball_{L} Toes_{L}", "Spine_01 Spine_02 Spine_03", "Neck *Head", "Clavicle_{L} *Shoulder_{L} *Elbow_{L} *Hand_{L}", ("Head > Eyes", "Head > Eyebrows", "Hand_{L} > Thumb_01_{L} Thumb_02_{L}")),
    "Roblox": Rig("HumanoidRootPart LowerTorso", "*{Left}UpperLeg *{Left}LowerLeg *{Left}Foot", "UpperTorso", "*Head", "*{Left}UpperArm *{Left}LowerArm *{Left}Hand"),
    "VRChat": Rig("Hips", "*{Left}~leg *{Left}~knee *{Left}~ankle {Left}~toe", "Spine Chest", "Neck *Head", "{Left}~shoulder *{Left}~arm *{Left}~elbow *{Left}~wrist", ("Head > Eye_{L}",)),
    "GTA V": Rig("SKEL_ROOT SKEL_Pelvis", "*SKEL_{L}_Thigh *SKEL_{L}_Calf *SKEL_{L}_Foot SKEL_{L}_Toe0", "SKEL_Spine_Root SKEL_Spine0 SKEL_Spine1 SKEL_Spine2 SKEL_Spine3", "SKEL_Neck_1 *SKEL_Head", "SKEL_{L}_Clavicle *SKEL_{L}_UpperArm *SKEL_{L}_Forearm *SKEL_{L}_Hand", ("SKEL_{L}_Thigh > RB_{L}_ThighRoll", "SKEL_{L}_Calf > MH_{L}_Knee", "SKEL_{L}_Foot > IK_{L}_Foot", "SKEL_{L}_Hand > IK_{L}_Hand", "SKEL_{L}_Hand > PH_{L}_Hand", "SKEL_{L}_Forearm > MH_{L}_Elbow", "SKEL_{L}_Forearm > RB_{L}_ForeArmRoll", "SKEL_Head > FACIAL_facialRoot")),
    "Skyrim": Rig("NPC~Root~[Root] NPC~Pelvis~[Pelv]", "*NPC~{L}~Thigh~[{L}Thg] *NPC~{L}~Calf~[{L}Clf] *NPC~{L}~Foot~[{L}ft] NPC~{L}~Toe0~[{L}Toe]", "NPC~Spine~[Spn0] NPC~Spine1~[Spn1] NPC~Spine2~[Spn2]", "NPC~Neck~[Neck] *NPC~Head~[Head]", "NPC~{L}~Clavicle~[{L}Clv] *NPC~{L}~UpperArm~[{L}Uar] *NPC~{L}~Forearm~[{L}Lar] *NPC~{L}~Hand~[{L}Hnd]"),
    "The Sims": Rig("b__ROOT__ b__Pelvis__", "*b__{L}_Thigh__ *b__{L}_Calf__ *b__{L}_Foot__ b__{L}_Toe__", "b__Spine0__ b__Spine1__ b__Spine2__", "b__Neck__ *b__Head__", "b__{L}_Clavicle__ *b__{L}_UpperArm__ *b__{L}_Forearm__ *b__{L}_Hand__", ("b__{L}_Calf__ > b__{L}_KneeBend__",)),
    "Chinese": Rig("骨盆", "*{左}大腿 *{左}小腿 *{左}脚踝 {左}脚掌", "腰 胸", "脖子 *头", "{左}锁骨 *{左}上臂 *{左}前臂 *{左}手腕 {左}手"),
    "mGear, with twists": Rig("spine_C0_pelvis_jnt", "*leg_{L}0_0_jnt leg_{L}0_1_jnt leg_{L}0_2_jnt *leg_{L}0_3_jnt leg_{L}0_4_jnt *leg_{L}0_end_jnt foot_{L}0_0_jnt", "spine_C0_01_jnt spine_C0_02_jnt spine_C0_03_jnt", "neck_C0_0_jnt *neck_C0_head_jnt", "shoulder_{L}0_0_jnt *arm_{L}0_0_jnt arm_{L}0_1_jnt arm_{L}0_2_jnt *arm_{L}0_3_jnt arm_{L}0_4_jnt *arm_{L}0_end_jnt"),
    "Rigify, all of it": Rig("root torso hips", "*ORG-thigh.{L} *ORG-shin.{L} *ORG-foot.{L} ORG-toe.{L}", "ORG-spine ORG-spine.001 ORG-spine.002 ORG-spine.003", "ORG-spine.004 ORG-spine.005 *ORG-spine.006", "ORG-shoulder.{L} *ORG-upper_arm.{L} *ORG-forearm.{L} *ORG-hand.{L}", ("root > foot_ik.{L} foot_heel_ik.{L}", "root > hand_ik.{L}", "root > thigh_ik_target.{L}", "hips > thigh_fk.{L} shin_fk.{L} foot_fk.{L}", "hips > MCH-thigh_parent.{L}")),
    "words the other way round": Rig("Pelvis", "*Leg_Upper_{L} *Leg_Lower_{L} *Foot_{L}", "Spine_Lower Spine_Upper", "Neck *Head", "Arm_Collar_{L} *Arm_Upper_{L} *Arm_Lower_{L} *Hand_{L}"),
    "no sides in words": Rig("Hips", "*Thigh.{Left} *Calf.{Left} *Foot.{Left}", "Spine", "*Head", "*UpperArm.{Left} *Forearm.{Left} *Hand.{Left}"),
}  # fmt: skip
