"""Shapes of `stickgen data`."""

from __future__ import annotations

from stickgen.cli.shapes.types import (
    Schema,
    Shape,
    by_name,
    count,
    many,
    maybe,
    number,
    optional,
    record,
    text,
)

_FACTS: dict[str, Schema] = {
    "path": text("the dataset"),
    "clips": count("all of them"),
    "frames": count("at 25 a second"),
    "mean_frames": number("of a clip, each counted as 250 at most"),
    "longest_frames": count("of a clip"),
    "clips_train": count("to train on"),
    "clips_val": count("held out"),
    "frames_train": count("to train on"),
    "texts": count("captions, each counted once"),
    "embedding_dim": maybe(count("null before stickgen data embed")),
    "encoder": maybe(text("that embedded the texts")),
    "sources": many(text("a source"), "where the clips are from"),
    "licences": many(text("a licence"), "of the sources"),
    "fingerprint": text("of the content"),
    "mean_words": number("tokens of a text; 0 if they are not kept one by one"),
    "longest_words": count("tokens of a text"),
    "doubts": maybe(many(text("a sentence"), "what looks wrong")),
}

SHAPES: dict[str, Shape] = {
    "data.info": Shape(
        "stickgen data info",
        "What a dataset holds.",
        {**_FACTS, "frames_by_action": by_name(count("frames"), "by action; '' is unlabelled")},
    ),
    "data.written": Shape(
        "stickgen data synth, import, embed, merge, split, label, curate, edit",
        "The datasets that a command wrote.",
        {
            "datasets": many(record("a dataset", _FACTS), "most commands write one"),
            "left_out": by_name(count("how many"), "files or clips that were left out, by why"),
            "sides": optional(
                by_name(
                    record(
                        "a side",
                        {
                            "clips": count("how many"),
                            "frames": count("how many"),
                            "subjects": count("how many persons, as far as they are known"),
                        },
                    ),
                    "train, val and test; of split",
                )
            ),
            "captions": optional(count("after cleaning; of label")),
            "labelled_by_text": optional(count("clips; of label")),
            "labelled_by_source": optional(count("clips; of label")),
        },
    ),
    "data.clip": Shape(
        "stickgen data clips",
        "A clip with all that the dataset knows of it.",
        {
            "clip": count("its number, from 0"),
            "clips": count("of the dataset"),
            "fps": number("frames a second"),
            "captions": many(text("a caption"), "all of them"),
            "labels": many(many({}, "first frame, frame after the last, action"), "stretches of frames"),
            "source": optional(text("where it is from")),
            "licence": optional(text("of the source")),
            "name": optional(text("in the source")),
            "subject": optional(text("who moves")),
            "view": optional(text("where it is seen from")),
            "quality": optional(number("0 to 1")),
            "label_confidence": optional(number("0 to 1")),
            "mirror_of": maybe(count("the clip whose mirror image it is")),
            "motion": many(
                many(number("a coordinate"), "20 numbers"), "a pose a frame (docs/motion-data.md)"
            ),
        },
        lines=True,
    ),
    "data.preview": Shape(
        "stickgen data preview",
        "The files that were drawn.",
        {
            "paths": many(text("of a file"), "most formats need one"),
            "drawn": many(count("number"), "the clips in it"),
            "clips": count("of the dataset"),
        },
    ),
}
