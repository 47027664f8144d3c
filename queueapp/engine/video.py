"""`sketch-video`: stages animated shot after shot, as H.264 in MP4."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

from queueapp.engine.image import size_for
from queueapp.engine.models import DEFAULT_SECONDS, LONGEST_SECONDS
from queueapp.engine.rendering import Rendering, Unrenderable
from queueapp.engine.stage import Checkpoint, Stage, build

#: Films no wider than 16:9 have as many pixels as one of 640 x 360, so that all cost about the same.
LONG_EDGE = 640
RATE = 24
FADE_FRAMES = 10


@dataclass(frozen=True)
class Shot:
    """A prompt and how many frames it is shown."""

    prompt: str
    frames: int


def render_video(
    params: Mapping[str, object], key: str, folder: Path, checkpoint: Callable[[], None]
) -> Rendering:
    """Films `prompt` or `multi_prompt` into `folder`; `key` decides everything that chance decides."""
    shots = shots_of(params)
    size = size_for(params.get("aspect_ratio", "16:9"), LONG_EDGE, LONG_EDGE**2 * 9 / 16)
    path = folder / "result.mp4"
    try:
        _encode(path, size, _frames(shots, size, key, checkpoint))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Rendering(path, "video/mp4", *size, sum(shot.frames for shot in shots) / RATE)


def shots_of(params: Mapping[str, object]) -> list[Shot]:
    """The shots with their lengths; shots without a duration share what the others leave of `duration`."""
    prompt, several = params.get("prompt"), params.get("multi_prompt")
    if (prompt is None) == (several is None):
        raise Unrenderable("give either prompt or multi_prompt, not both and not neither")
    seconds = _whole(params.get("duration", DEFAULT_SECONDS), "duration")
    if isinstance(prompt, str):
        return [Shot(prompt, seconds * RATE)]
    if not isinstance(several, list) or not several or not all(isinstance(shot, Mapping) for shot in several):
        raise Unrenderable("multi_prompt must be a list of shots, each with a prompt")
    own = [
        _whole(shot["duration"], "duration") if shot.get("duration") is not None else None for shot in several
    ]
    given, open_shots = sum(length or 0 for length in own), own.count(None)
    left = max(seconds - given, open_shots) if open_shots else 0
    if given + left > LONGEST_SECONDS:
        raise Unrenderable(
            f"the shots last {given + left} seconds together; at most {LONGEST_SECONDS} are possible"
        )
    shares = [
        left * RATE * (index + 1) // open_shots - left * RATE * index // open_shots
        for index in range(open_shots)
    ]
    texts = [shot.get("prompt") for shot in several]
    if not all(isinstance(text, str) for text in texts):
        raise Unrenderable("every shot of multi_prompt needs a prompt")
    return [
        Shot(str(text), length * RATE if length else shares.pop(0))
        for text, length in zip(texts, own, strict=True)
    ]


def _whole(value: object, name: str) -> int:
    """JSON Schema counts 5.0 as an integer, so this does too."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise Unrenderable(f"{name} must be a whole number of seconds")
    if not 1 <= value <= LONGEST_SECONDS:
        raise Unrenderable(f"{name} must be between 1 and {LONGEST_SECONDS} seconds")
    return int(value)


def _frames(
    shots: list[Shot], size: tuple[int, int], key: str, checkpoint: Checkpoint
) -> Iterator[Image.Image]:
    """Every frame of the film; a shot's last frames fade into the next shot, which is already moving."""
    following: Stage | None = None
    for index, shot in enumerate(shots):
        seconds = shot.frames / RATE
        lead = min(FADE_FRAMES, shot.frames) if index else 0
        stage = following or build(shot.prompt, size, f"{key}\x1f{index}", seconds, checkpoint)
        following = None
        fade = min(FADE_FRAMES, shot.frames) if index + 1 < len(shots) else 0
        for number in range(shot.frames):
            checkpoint()
            picture = stage.frame((number + lead) / RATE)
            into = number - (shot.frames - fade)
            if into >= 0:
                if following is None:
                    after = shots[index + 1]
                    following = build(
                        after.prompt, size, f"{key}\x1f{index + 1}", after.frames / RATE, checkpoint
                    )
                picture = Image.blend(picture, following.frame(into / RATE), (into + 1) / (fade + 1))
            yield picture


def _encode(path: Path, size: tuple[int, int], pictures: Iterator[Image.Image]) -> None:
    """One thread and no wall clock anywhere: the same pictures give the same file."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": "23", "preset": "veryfast"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, RATE)
        stream.codec_context.thread_count = 1
        stream.codec_context.gop_size = RATE * 2
        stream.codec_context.colorspace = Colorspace.ITU709
        stream.codec_context.color_primaries = 1
        stream.codec_context.color_trc = 1
        stream.codec_context.color_range = ColorRange.MPEG
        for number, picture in enumerate(pictures):
            coloured: av.VideoFrame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
            frame = coloured.reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
            frame.pts = number
            frame.time_base = Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
