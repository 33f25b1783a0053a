"""The figure: ten joints in a plane, the bones between them, and the neck that is derived.

A pose is 20 numbers, `x, y` joint by joint in the order of `JOINTS`; a motion is `[frames, 20]` at
`FPS`. The unit is twice the length of the leg (thigh + shin = 0.5), about the height of a person: captures
differ in what they call a head, but all have hips, knees and ankles. y = 0 is the floor, on which a planted
foot (the ankle joint) rests; x = 0 is where the pelvis was at the first frame, and +x is where the clip goes.
"""

from __future__ import annotations

FPS = 25
MAX_FRAMES = 250
JOINTS: tuple[str, ...] = (
    "head", "pelvis",
    "left_elbow", "right_elbow", "left_hand", "right_hand",
    "left_knee", "right_knee", "left_foot", "right_foot",
)  # fmt: skip
NUM_JOINTS = len(JOINTS)
POSE_DIM = 2 * NUM_JOINTS

HEAD, PELVIS = 0, 1
LEFT_ELBOW, RIGHT_ELBOW, LEFT_HAND, RIGHT_HAND = 2, 3, 4, 5
LEFT_KNEE, RIGHT_KNEE, LEFT_FOOT, RIGHT_FOOT = 6, 7, 8, 9

# The shoulders are not stored: on five capture sources, this point of the spine lies within 1.4 to 2.6 %
# of the body height of the true middle of the shoulders.
NECK_ALONG_SPINE = 0.78
NECK = -1  # stands for the derived neck in BONES

BONES: tuple[tuple[int, int], ...] = (
    (PELVIS, NECK), (NECK, HEAD),
    (NECK, LEFT_ELBOW), (LEFT_ELBOW, LEFT_HAND),
    (NECK, RIGHT_ELBOW), (RIGHT_ELBOW, RIGHT_HAND),
    (PELVIS, LEFT_KNEE), (LEFT_KNEE, LEFT_FOOT),
    (PELVIS, RIGHT_KNEE), (RIGHT_KNEE, RIGHT_FOOT),
)  # fmt: skip

# Lengths in that unit, the whole bone in the picture's plane; a bone that points out of it looks shorter.
BONE_LENGTHS: dict[tuple[int, int], float] = {
    (PELVIS, NECK): 0.273, (NECK, HEAD): 0.077,
    (NECK, LEFT_ELBOW): 0.165, (LEFT_ELBOW, LEFT_HAND): 0.14,
    (NECK, RIGHT_ELBOW): 0.165, (RIGHT_ELBOW, RIGHT_HAND): 0.14,
    (PELVIS, LEFT_KNEE): 0.25, (LEFT_KNEE, LEFT_FOOT): 0.25,
    (PELVIS, RIGHT_KNEE): 0.25, (RIGHT_KNEE, RIGHT_FOOT): 0.25,
}  # fmt: skip

# The figure has no hips and shoulders of its own, but a view from the front shows how far apart its limbs are. From
# the middle to one side; between the captures of CMU and of Bandai-Namco.
HIP_ASIDE, SHOULDER_ASIDE = 0.05, 0.1
