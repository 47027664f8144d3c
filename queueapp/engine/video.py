"""Render `sketch-video`: moving scenes shot after shot, as H.264 in MP4."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from random import Random

import av
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

from queueapp.builtin_models import DEFAULT_SECONDS, MAX_SECONDS
from queueapp.engine.image import size_for
from queueapp.engine.painter import Checkpoint
from queueapp.engine.places import compose
from queueapp.engine.rendering import Rendering, Unrenderable
from queueapp.engine.shapes import Size

#: Pixels of the longer side. No video has more pixels than 16:9 at this width, so that all cost the same.
LONG_EDGE = 640
#: Frames per second.
RATE = 24
#: The prompt of each shot and the number of its frames.
Shots = list[tuple[str, int]]


def render_video(params: Mapping[str, object], key: str, folder: Path, checkpoint: Checkpoint) -> Rendering:
    """Render `params` into `folder` and return the result. `key` and the prompts seed all randomness."""
    shots, path = shots_of(params), folder / "result.mp4"
    size = size_for(params.get("aspect_ratio", "16:9"), LONG_EDGE, LONG_EDGE**2 * 9 / 16)
    _encode(path, size, _frames(shots, size, key, checkpoint))
    return Rendering(path, "video/mp4", *size, sum(frames for _, frames in shots) / RATE)


def shots_of(params: Mapping[str, object]) -> Shots:
    """Return each shot's prompt and frames; those without a duration share the rest of `duration`."""
    prompt, several = params.get("prompt"), params.get("multi_prompt")
    if (prompt is None) == (several is None):
        raise Unrenderable("give either prompt or multi_prompt, not both and not neither")
    shots = [{"prompt": prompt}] if several is None else several
    if not isinstance(shots, list) or not shots or not all(isinstance(shot, Mapping) for shot in shots):
        raise Unrenderable("multi_prompt must be a list of shots")
    if not all(isinstance(shot.get("prompt"), str) for shot in shots):
        raise Unrenderable("every shot of multi_prompt needs a prompt")
    total = _seconds(params.get("duration", DEFAULT_SECONDS))
    own = [None if shot.get("duration") is None else _seconds(shot["duration"]) for shot in shots]
    given, unset = sum(filter(None, own)), own.count(None)
    rest = max(total - given, unset) if unset else 0
    if given + rest > MAX_SECONDS:
        raise Unrenderable(f"the shots last {given + rest} seconds together, not at most {MAX_SECONDS}")
    shares = (rest * RATE * (n + 1) // unset - rest * RATE * n // unset for n in range(unset))
    frames = [seconds * RATE if seconds else next(shares) for seconds in own]
    return [(shot["prompt"], count) for shot, count in zip(shots, frames, strict=True)]


def _seconds(value: object) -> int:
    """Return a whole number of seconds; like JSON Schema, accept 5.0 for 5."""
    if isinstance(value, bool) or value not in range(1, MAX_SECONDS + 1):
        raise Unrenderable(f"duration must be a whole number of seconds between 1 and {MAX_SECONDS}")
    return int(value)  # type: ignore[call-overload, no-any-return]


def _frames(shots: Shots, size: Size, key: str, checkpoint: Checkpoint) -> Iterator[Image.Image]:
    """Yield every frame, shot after shot."""
    for index, (prompt, count) in enumerate(shots):
        random = Random(f"{key}\x1f{index}\x1f{prompt!a}")  # noqa: S311
        composition = compose(prompt, size, count / RATE, random, checkpoint, None)
        for number in range(count):
            checkpoint()
            yield composition.frame(number / RATE)


def _encode(path: Path, size: Size, frames: Iterable[Image.Image]) -> None:
    """Write the frames to an MP4 file at `path`. One thread makes the bytes the same every time."""
    colours = {"dst_colorspace": Colorspace.ITU709, "dst_color_range": ColorRange.MPEG}
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": "23", "preset": "superfast"})
        stream.width, stream.height = size
        stream.pix_fmt, stream.time_base = "yuv420p", Fraction(1, RATE)
        context = stream.codec_context
        context.thread_count, context.gop_size = 1, RATE * 2
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        context.color_primaries = context.color_trc = 1
        for number, image in enumerate(frames):
            rgb: av.VideoFrame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
            frame = rgb.reformat(format="yuv420p", **colours)
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
