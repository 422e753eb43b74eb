"""`python -m footanalytics.inference`: an engine whose model, batch size, precision and TensorRT follow flags."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Literal

from footanalytics.features import Features, Traits
from footanalytics.models import MODELS, Match, matches
from footanalytics.settings import SettingsError, service
from footanalytics.typed import trait

WRONG_USAGE = 2
FRAMES = 40  # of the video that is looked at, if nobody says


@dataclass(frozen=True)
class InferenceConfig:
    """How the engine runs: half the precision leaves room for twice the batch."""

    batch_size: int
    precision: Literal["fp16", "fp32"]
    use_tensorrt: bool


OPTIMIZED = InferenceConfig(batch_size=32, precision="fp16", use_tensorrt=True)
PLAIN = InferenceConfig(batch_size=16, precision="fp32", use_tensorrt=False)


@dataclass(frozen=True)
class Inference:
    """What came of a video.

    Attributes:
        model: The model that was used.
        config: How the engine ran.
        batches: How many frames went through it at a time.
        goals: The prediction for each frame.
    """

    model: str
    config: InferenceConfig
    batches: tuple[int, ...]
    goals: tuple[float, ...]


class InferenceEngine:
    """Predicts goals, by the model and in the way that flags say for each user."""

    def __init__(self, features: Features) -> None:
        self._features = features

    async def predict(self, frames: Sequence[Match], user: str, traits: Traits) -> Inference:
        """What the frames come to. Both flags are of one evaluation."""
        # The SDK's client is synchronous: a remote evaluation would hold up everybody else in this loop.
        flags = await asyncio.to_thread(self._features.of, user, traits)
        model = "v2" if flags.is_feature_enabled("ml_model_v2_enabled") else "v1"
        config = OPTIMIZED if flags.is_feature_enabled("gpu_optimization_enabled") else PLAIN
        batches = tuple(_batches(frames, config.batch_size))
        goals = tuple(MODELS[model](frame) for batch in batches for frame in batch)
        return Inference(model, config, tuple(map(len, batches)), goals)


def _batches(frames: Sequence[Match], size: int) -> Iterator[Sequence[Match]]:
    for start in range(0, len(frames), size):
        yield frames[start : start + size]


def main() -> int:
    """Print how one user's video is processed. An outage is no error: the defaults are used, and that is said."""
    options = _options()
    try:
        features = Features(service(os.environ))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return WRONG_USAGE
    frames = list(islice(matches(), options.frames))
    found = asyncio.run(InferenceEngine(features).predict(frames, options.identity, dict(options.trait)))
    features.send_usage()
    if features.problem is not None:
        print(f"{features.problem}. The defaults are used.", file=sys.stderr)
    print(json.dumps(asdict(found), indent=2) if options.json else _line(options.identity, found))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m footanalytics.inference", description=__doc__)
    parser.add_argument("--identity", default="anna", help="whose video it is (default: anna)")
    parser.add_argument("--trait", action="append", default=[], type=trait, metavar="KEY=VALUE", help="repeatable")
    parser.add_argument("--frames", default=FRAMES, type=int, help=f"how many frames it has (default: {FRAMES})")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


def _line(user: str, found: Inference) -> str:
    config = found.config
    engine = f"{config.precision}, {'with' if config.use_tensorrt else 'without'} TensorRT"
    batches = ", ".join(map(str, found.batches)) or "none"
    return f"{user}: model {found.model}, {engine}, batches of {config.batch_size}: {batches}"


if __name__ == "__main__":
    sys.exit(main())
