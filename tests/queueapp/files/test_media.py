"""Files are identified by their bytes, and anything but an image or a video is refused with a reason."""

import io
import struct
import subprocess
import sys
import warnings
import zlib

import av
import pytest
from PIL import Image, features

from queueapp.files.media import CONTENT_TYPES, InvalidMedia, inspect, make_thumbnail

COLOURS = {"RGB": (200, 40, 40), "RGBA": (200, 40, 40, 128)}


def write_image(path, pillow_format, size=(60, 40), mode="RGB", **options):
    Image.new(mode, size, COLOURS[mode]).save(path, pillow_format, **options)
    return path


def write_video(path, container="mp4", codec="libx264"):
    """Write a green video of one second, 64 x 48."""
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(10):
            out.mux(stream.encode(av.VideoFrame.from_image(Image.new("RGB", (64, 48), (30, 160, 60)))))
        out.mux(stream.encode(None))
    return path


def write_rotated_video(path):
    """Write a video that is to be shown turned by 90 degrees: its header's matrix says so."""
    data = bytearray(write_video(path).read_bytes())
    matrix = data.index(b"tkhd") + 44
    turn = (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    data[matrix : matrix + 36] = struct.pack(">9i", *turn)
    path.write_bytes(data)
    return path


def decode_webp(data):
    image = Image.open(io.BytesIO(data))
    assert image.format == "WEBP"
    return image


@pytest.mark.parametrize(
    ("pillow_format", "content_type", "extension"),
    [
        ("PNG", "image/png", "png"),
        ("JPEG", "image/jpeg", "jpg"),
        ("WEBP", "image/webp", "webp"),
        ("GIF", "image/gif", "gif"),
        pytest.param(
            "AVIF",
            "image/avif",
            "avif",
            marks=pytest.mark.skipif(not features.check("avif"), reason="Pillow without AVIF"),
        ),
    ],
)
def test_images_are_identified_whatever_their_file_name(tmp_path, pillow_format, content_type, extension):
    info = inspect(write_image(tmp_path / "result.html", pillow_format))
    assert (info.kind, info.content_type, info.extension) == ("image", content_type, extension)
    assert (info.width, info.height, info.seconds) == (60, 40, None)
    assert CONTENT_TYPES[info.content_type] == (info.kind, info.extension)


@pytest.mark.parametrize(
    ("container", "codec", "content_type"),
    [
        ("mp4", "libx264", "video/mp4"),
        ("mov", "libx264", "video/quicktime"),
        ("webm", "libvpx", "video/webm"),
    ],
)
def test_videos_are_identified_whatever_their_file_name(tmp_path, container, codec, content_type):
    info = inspect(write_video(tmp_path / "result.png", container, codec))
    assert (info.kind, info.content_type, info.width, info.height) == ("video", content_type, 64, 48)
    assert info.seconds == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<!doctype html><title>502</title>",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"%PDF-1.7",
        b"GIF89a",
        b"\x00\x00\x00\x18ftypmp42" + b"\0" * 40,
        b"\x1a\x45\xdf\xa3" + b"\0" * 40,
        b"BM" + b"\0" * 60,
        bytes(range(256)) * 20,
    ],
)
def test_other_files_are_refused_with_a_reason(tmp_path, data):
    path = tmp_path / "result.png"
    path.write_bytes(data)
    with pytest.raises(InvalidMedia, match=r"^It is \w.*\.$"):
        inspect(path)


@pytest.mark.parametrize("pillow_format", ["PNG", "JPEG", "WEBP", "GIF"])
def test_an_incomplete_image_is_refused(tmp_path, pillow_format):
    path = tmp_path / "incomplete"
    Image.effect_mandelbrot((200, 200), (-2, -1.5, 1, 1.5), 50).convert("RGB").save(path, pillow_format)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InvalidMedia, match=r"incomplete|known type"):
        inspect(path)


def test_a_video_without_a_whole_first_frame_is_refused(tmp_path):
    path = write_video(tmp_path / "video.mp4")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InvalidMedia, match="incomplete"):
        inspect(path)


def test_a_video_in_a_container_that_browsers_do_not_play_is_refused(tmp_path):
    with pytest.raises(InvalidMedia, match="container"):
        inspect(write_video(tmp_path / "video.webm", "matroska"))


def test_a_playlist_cannot_make_the_decoder_open_other_files(tmp_path):
    other = write_video(tmp_path / "other.mp4")
    path = tmp_path / "video.mp4"
    path.write_text(f"ffconcat version 1.0\nfile {other}\n")
    for decode in (inspect, lambda file: make_thumbnail(file, "video")):
        with pytest.raises(InvalidMedia):
            decode(path)


def test_a_sound_file_is_not_a_video(tmp_path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("alac", rate=44100)
        frame = av.AudioFrame(format="s16p", layout="stereo", samples=4096)
        frame.rate = 44100
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(InvalidMedia, match="no video track"):
        inspect(path)


@pytest.mark.parametrize("side", [12_000, 60_000])
def test_a_decompression_bomb_is_refused_without_a_warning(tmp_path, side):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path = tmp_path / "bomb.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InvalidMedia, match="too many pixels"):
            inspect(path)
        with pytest.raises(InvalidMedia, match="too many pixels"):
            make_thumbnail(path, "image")


def test_a_video_with_too_many_pixels_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("queueapp.files.video.MAX_PIXELS", 64 * 48 - 1)
    with pytest.raises(InvalidMedia, match=r"too many pixels \(64 × 48\)"):
        inspect(write_video(tmp_path / "video.mp4"))


# Thumbnails


@pytest.mark.parametrize(
    ("pillow_format", "mode"),
    [("PNG", "P"), ("PNG", "I;16"), ("PNG", "L"), ("PNG", "1"), ("JPEG", "CMYK"), ("PNG", "LA")],
)
def test_every_colour_mode_has_a_thumbnail_of_the_same_colour(tmp_path, pillow_format, mode):
    path = tmp_path / "image"
    if mode == "I;16":
        grey = Image.new("I;16", (600, 300), 128 * 257)
    else:
        grey = Image.new("RGB", (600, 300), (128, 128, 128)).convert(mode)
    grey.save(path, pillow_format)
    thumbnail = decode_webp(make_thumbnail(path, "image"))
    assert thumbnail.size == (320, 160)
    if mode != "1":
        middle = thumbnail.convert("RGB").getpixel((100, 100))
        assert all(abs(value - 128) < 12 for value in middle)


def test_a_transparent_image_has_a_transparent_thumbnail(tmp_path):
    thumbnail = decode_webp(make_thumbnail(write_image(tmp_path / "a", "PNG", mode="RGBA"), "image"))
    assert thumbnail.mode == "RGBA"
    assert abs(thumbnail.getpixel((5, 5))[3] - 128) < 3


def test_a_photograph_is_shown_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = write_image(tmp_path / "photo", "JPEG", size=(600, 300), exif=exif)
    assert decode_webp(make_thumbnail(path, "image")).size == (160, 320)
    assert (inspect(path).width, inspect(path).height) == (300, 600)


def test_a_video_from_a_phone_is_shown_upright(tmp_path):
    path = write_rotated_video(tmp_path / "video.mp4")
    assert decode_webp(make_thumbnail(path, "video")).size == (48, 64)
    assert (inspect(path).width, inspect(path).height) == (48, 64)


def test_the_thumbnail_of_a_video_is_its_first_frame(tmp_path):
    thumbnail = decode_webp(make_thumbnail(write_video(tmp_path / "video"), "video", max_side=32))
    assert thumbnail.size == (32, 24)
    red, green, blue = thumbnail.convert("RGB").getpixel((10, 10))
    assert green > 130 > red
    assert green > blue


def test_a_small_image_is_not_enlarged(tmp_path):
    assert decode_webp(make_thumbnail(write_image(tmp_path / "a", "PNG"), "image")).size == (60, 40)


@pytest.mark.parametrize("kind", ["image", "video"])
def test_other_files_have_no_thumbnail(tmp_path, kind):
    path = tmp_path / "page"
    path.write_bytes(b"<html>")
    with pytest.raises(InvalidMedia):
        make_thumbnail(path, kind)


def test_a_process_that_only_shows_pages_loads_no_decoder():
    script = "import sys, queueapp.files.media; sys.exit(bool({'av', 'PIL'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
