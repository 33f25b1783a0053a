"""`diffusion:` learning and sampling by denoising, the better and dearer way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from stickgen.config.key import Section, key


@dataclass(frozen=True, eq=False)
class Diffusion(Section):
    """Learning and sampling by denoising, the better and dearer way."""

    title: ClassVar[str] = "Diffusion"

    enabled: bool = key(
        True,
        "Learn by denoising (false: next pose)",
        "true: the trunk learns to clean noised motion and samples whole clips. false: a causal next-pose "
        "regressor that needs less memory and time, and moves less well.",
    )
    sampling_steps: int = key(
        10,
        "Denoising steps when sampling",
        "More steps draw finer motion and take longer; 8 to 16 are usual.",
        minimum=1,
        maximum=1000,
        steps=(4, 6, 8, 10, 16, 24, 50),
        in_specification=False,
    )
    guidance_scale: float = key(
        2.5,
        "Pull towards the text when sampling",
        "Classifier-free guidance: 1 follows the model alone, 2 to 4 follow the text more closely.",
        minimum=0.0,
        maximum=100.0,
        steps=(1.0, 1.5, 2.0, 2.5, 3.0, 4.0),
        in_specification=False,
    )
    contrast_scale: float = key(
        3.0,
        "Push away from the opposite text",
        "A text that names a side, a way or a speed is also drawn away from the text that says the opposite: left from "
        "right, forward from backward, fast from slow. Such a text takes half as long again to sample; 0: never.",
        earlier=((1, 0.0),),
        minimum=0.0,
        maximum=100.0,
        steps=(0.0, 1.0, 2.0, 3.0, 4.0, 6.0),
        in_specification=False,
    )
    guidance_min_time: float = key(
        0.3,
        "Diffusion time that guidance ends at",
        "What moves is decided at times near 1, in noise. Below this time the model follows the text alone, without "
        "guidance: feet slide less, and sampling is faster. 0: guidance to the end.",
        earlier=((1, 0.0),),
        minimum=0.0,
        maximum=1.0,
        steps=(0.0, 0.1, 0.2, 0.3, 0.4, 0.5),
        in_specification=False,
    )
    time_shift: float = key(
        1.0,
        "Stress on noisy times, training and sampling",
        "A shift of 2 moves the times that training draws and the steps of sampling towards noise; 1 leaves them where they "
        "are. Under white noise, much of a motion is decided near time 1, and a shift helps.",
        earlier=((3, 1.0), (4, 2.0)),
        minimum=0.25,
        maximum=16.0,
        steps=(1.0, 1.5, 2.0, 3.0, 4.0),
        in_specification=False,
    )
    noise_correlation: float = key(
        0.9,
        "Correlation of noise between frames",
        "In white noise, slow motion shows through first and quick, small motion last: a clap drowns where a cartwheel "
        "has long been decided. Noise whose neighbouring frames resemble each other hides both alike. 0: white noise.",
        earlier=((4, 0.0),),
        minimum=0.0,
        maximum=0.99,
        steps=(0.0, 0.5, 0.8, 0.9, 0.95),
        in_specification=False,
    )
    smoothing: bool = key(
        True,
        "Smooth what is drawn over five frames",
        "A drawn motion trembles a little from frame to frame. A parabola through every five frames takes that out and "
        "leaves peaks their height: jerk comes near that of real motion, and feet slide less.",
        earlier=((3, False),),
        in_specification=False,
    )
    cleanup: bool = key(
        True,
        "Plant feet, keep bones to their length",
        "A model errs by a few centimetres: planted feet slide, and quick limbs stretch. At the end of sampling, feet that "
        "the model sees as planted are held where they are, and no bone looks longer than in the training motion.",
        earlier=((4, False),),
        in_specification=False,
    )
    relative_loss: float = key(
        1.0,
        "How far a clip's own error sets its weight",
        "A cartwheel moves a hundred times as much as a clap, and would take all of the gradient. At 1 the error of a "
        "clip counts in proportion to itself, so that small motions are learned, too; at 0 it counts as it is.",
        earlier=((3, 0.0),),
        minimum=0.0,
        maximum=1.0,
        steps=(0.0, 0.5, 1.0),
        in_specification=False,
    )
    physics_fade: float = key(
        2.0,
        "How fast physics fades with noise",
        "In strong noise the best prediction is an average of motions, which need not have bones of one length or feet "
        "that stand. The physics loss is multiplied by (1 - time) to this power; 0: it counts alike at all times.",
        earlier=((3, 0.0),),
        minimum=0.0,
        maximum=8.0,
        steps=(0.0, 1.0, 2.0, 4.0),
        in_specification=False,
    )
    condition_dropout: float = key(
        0.1,
        "Share of texts hidden in training",
        "The model must also learn to move without a text, or guidance cannot work.",
        minimum=0.0,
        maximum=1.0,
        in_specification=False,
    )
