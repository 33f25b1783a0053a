"""The judge: what it learns from, that it is the same the second time, and that it knows one motion from another."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch
from small_judge import ACTIONS, FRAMES, HELD_OUT, trained_quickly, word_features

from stickgen.data.dataset import DatasetFile
from stickgen.data.mirroring import swap_sides
from stickgen.data.split import VALIDATION
from stickgen.errors import StickgenError
from stickgen.evaluate import classifier, contrastive, trained
from stickgen.evaluate.contrastive import false_negatives
from stickgen.evaluate.evaluator import Evaluator
from stickgen.evaluate.figures import Measured, bootstrap_weights
from stickgen.evaluate.splits import LONGER, shown_actions, split_of


def test_what_is_held_out_is_never_learned_from(small_file: DatasetFile) -> None:
    split = split_of(small_file, frames=FRAMES, val_fraction=HELD_OUT)
    parts, lengths = small_file.split(HELD_OUT), small_file.lengths
    assert not {prompt.clip for prompt in split.prompts} & set(split.train)
    assert all(
        parts[prompt.clip] == VALIDATION and lengths[prompt.clip] <= FRAMES for prompt in split.prompts
    )
    assert all(prompt.text in small_file.captions(prompt.clip) for prompt in split.prompts)
    assert max(lengths[clip] for clip in split.train) <= LONGER * FRAMES
    assert max(len(split.motion(clip)) for clip in split.train) <= FRAMES


def test_fewer_prompts_are_some_of_the_same(small_file: DatasetFile) -> None:
    many, few = (
        split_of(small_file, frames=FRAMES, val_fraction=HELD_OUT, clips=count) for count in (64, 16)
    )
    assert set(few.prompts) < set(many.prompts)
    assert len(few.prompts) == 16 and few.train == many.train


def test_a_dataset_with_too_little_held_out_is_refused_in_a_sentence(small_file: DatasetFile) -> None:
    with pytest.raises(
        StickgenError, match=r"small.pt: \d+ held-out and \d+ training clips fit into 20 frames"
    ):
        split_of(small_file, frames=20, val_fraction=HELD_OUT)


def test_the_actions_of_a_clip_are_those_that_hold_a_fifth_of_it() -> None:
    assert shown_actions([3] * 50 + [7] * 45 + [1] * 5) == (3, 7)
    assert shown_actions([-1] * 60 + [2] * 40) == (2,)
    assert shown_actions([-1, -1]) == ()


def test_texts_that_say_the_same_are_no_negatives_but_texts_of_other_sides_are() -> None:
    texts = ["kicks with the left leg", "kicks with his left leg", "kicks with the right leg", "bows"]
    likeness = torch.tensor(
        [[1.0, 0.97, 0.98, 0.1], [0.97, 1, 0.97, 0.1], [0.98, 0.97, 1, 0.1], [0.1, 0.1, 0.1, 1]]
    )
    ignored = false_negatives(likeness, texts)
    assert ignored.nonzero().tolist() == [[0, 1], [1, 0]]


def test_the_second_time_it_comes_from_the_cache(
    small_file: DatasetFile, judge: Evaluator, judge_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("it was trained again")

    monkeypatch.setenv("XDG_CACHE_HOME", str(judge_cache))
    monkeypatch.setattr(classifier, "_steps", refuse)
    monkeypatch.setattr("stickgen.evaluate.evaluator.train_encoders", refuse)
    again = trained_quickly(small_file, monkeypatch)
    assert again.digest == judge.digest
    assert again.classifier is not None and judge.classifier is not None
    assert again.classifier.digest == judge.classifier.digest
    assert torch.equal(again.real_latents, judge.real_latents)


def test_the_same_data_and_seed_give_the_same_encoders(
    judge: Evaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contrastive, "MOST_STEPS", 2)
    monkeypatch.setattr(contrastive, "LEAST_STEPS", 2)
    captions = [judge.split.captions(clip) for clip in judge.split.train[:40]]
    tokens = word_features(contrastive.token_texts(captions), lambda done, of: None)
    pairs = contrastive.Pairs(judge.train_motions[:40], captions, tokens)
    torch.manual_seed(1)
    threads = torch.get_num_threads()
    (first,) = contrastive.train_encoders(pairs, [5], lambda done, of: None)
    torch.manual_seed(2)
    drawn = torch.get_rng_state()
    other, again = contrastive.train_encoders(pairs, [6, 5], lambda done, of: None)
    digests = [trained.digest_of(pair.state_dict()) for pair in (first, again, other)]
    assert digests[0] == digests[1] != digests[2]
    assert torch.equal(torch.get_rng_state(), drawn) and torch.get_num_threads() == threads


def test_a_text_that_does_not_come_back_when_it_is_swapped_twice_is_trained_on(
    judge: Evaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether a word is a side follows from its surroundings, which the swap changes."""
    text = "jumps right for joy"
    assert swap_sides(swap_sides(text)) != text
    monkeypatch.setattr(contrastive, "MOST_STEPS", 3)
    monkeypatch.setattr(contrastive, "LEAST_STEPS", 3)
    tokens = word_features(contrastive.token_texts([[text]]), lambda done, of: None)
    pairs = contrastive.Pairs(judge.train_motions[:8], [[text]] * 8, tokens)
    assert len(contrastive.train_encoders(pairs, [0], lambda done, of: None)) == 1


def test_training_ends_with_whoever_asked_for_it(judge: Evaluator) -> None:
    captions = [judge.split.captions(clip) for clip in judge.split.train[:40]]
    tokens = word_features(contrastive.token_texts(captions), lambda done, of: None)
    pairs = contrastive.Pairs(judge.train_motions[:40], captions, tokens)

    def interrupted(done: int, of: int) -> None:
        raise KeyboardInterrupt

    running = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        contrastive.train_encoders(pairs, [0, 1], interrupted)
    assert threading.active_count() == running


def test_latents_do_not_depend_on_what_else_is_in_the_batch(judge: Evaluator) -> None:
    alone = torch.cat([judge.encode([motion]) for motion in judge.real[:6]], dim=1)
    assert torch.allclose(alone, judge.real_latents[:, :6], atol=1e-5)
    assert torch.allclose(judge.real_latents.norm(dim=-1), torch.ones(()), atol=1e-5)


def test_where_a_motion_stands_changes_nothing(judge: Evaluator) -> None:
    moved = judge.real[0].clone()
    moved[:, 0::2] += 7.0
    assert torch.allclose(judge.encode([moved]), judge.encode([judge.real[0]]), atol=1e-3)


def test_the_classifier_knows_real_actions_and_says_how_sure_it_is(judge: Evaluator) -> None:
    assert judge.classifier is not None
    assert set(judge.classifier.names) == set(ACTIONS)
    single = [row for row, prompt in enumerate(judge.prompts) if len(prompt.actions) == 1]
    labels, confidence = judge.classifier.recognise([judge.real[row] for row in single])
    right = sum(label == judge.prompts[row].actions[0] for label, row in zip(labels, single, strict=True))
    assert right / len(single) > 0.8
    assert all(1 / len(ACTIONS) <= value <= 1 for value in confidence)


def test_of_several_actions_each_counts(judge: Evaluator) -> None:
    assert judge.classifier is not None
    known = judge.classifier.actions
    rows = [torch.eye(len(known))[[0, 2]], torch.eye(len(known))[[0]]]
    wanted = [(known[0], known[1]), (99,)]
    assert judge.classifier.shares(rows, wanted) == [0.5, None]
    assert judge.classifier.shares([rows[0] * 0.6], [(known[0], known[2])], 0.7) == [0.0]


def test_repeats_make_a_figure_of_how_varied_a_text_is_drawn(judge: Evaluator) -> None:
    weights = bootstrap_weights(len(judge.prompts), 20)
    same = Measured(judge, [judge.real, judge.real]).figures(weights)["multimodality"]
    other = Measured(judge, [judge.real, judge.real[1:] + judge.real[:1]]).figures(weights)["multimodality"]
    assert same.value < 1e-3 < 0.3 < other.value
    assert "multimodality" not in Measured(judge, [judge.real]).figures(weights)
