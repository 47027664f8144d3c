"""Files are known by their bytes; whatever is no picture and no film is refused in words."""

import io
import struct
import warnings
import zlib

import av
import pytest
from PIL import Image, features

from queueapp.files.media import CONTENT_TYPES, InvalidMedia, inspect, make_thumbnail


def saved(path, pillow_format, size=(60, 40), mode="RGB", **options):
    colour = {"RGB": (200, 40, 40), "RGBA": (200, 40, 40, 128), "CMYK": (0, 200, 200, 0)}.get(
        mode, 40000 if "I" in mode else 120
    )
    Image.new(mode, size, colour).save(path, pillow_format, **options)
    return path


def filmed(path, container="mp4", codec="libx264"):
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(10):
            out.mux(stream.encode(av.VideoFrame.from_image(Image.new("RGB", (64, 48), (30, 160, 60)))))
        out.mux(stream.encode(None))
    return path


def as_picture(data):
    picture = Image.open(io.BytesIO(data))
    assert picture.format == "WEBP"
    return picture


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
def test_pictures_are_known_by_their_bytes_whatever_their_name(
    tmp_path, pillow_format, content_type, extension
):
    info = inspect(saved(tmp_path / "result.html", pillow_format))
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
def test_films_are_known_by_their_bytes_whatever_their_name(tmp_path, container, codec, content_type):
    info = inspect(filmed(tmp_path / "result.png", container, codec))
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
def test_whatever_else_is_refused_in_words(tmp_path, data):
    path = tmp_path / "result.png"
    path.write_bytes(data)
    with pytest.raises(InvalidMedia, match=r"^(the|a) \w+"):
        inspect(path)


@pytest.mark.parametrize("pillow_format", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_that_was_cut_off_is_refused(tmp_path, pillow_format):
    path = tmp_path / "cut"
    Image.effect_mandelbrot((200, 200), (-2, -1.5, 1, 1.5), 50).convert("RGB").save(path, pillow_format)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InvalidMedia):
        inspect(path)


def test_a_film_that_was_cut_off_before_its_first_frame_is_refused(tmp_path):
    path = filmed(tmp_path / "film.mp4")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InvalidMedia):
        inspect(path)


def test_a_film_in_a_container_browsers_do_not_play_is_refused(tmp_path):
    with pytest.raises(InvalidMedia, match="container"):
        inspect(filmed(tmp_path / "film.webm", "matroska"))


def test_a_playlist_cannot_make_the_decoder_open_other_files(tmp_path):
    other = filmed(tmp_path / "other.mp4")
    path = tmp_path / "film.mp4"
    path.write_text(f"ffconcat version 1.0\nfile {other}\n")
    for look in (inspect, lambda file: make_thumbnail(file, "video")):
        with pytest.raises(InvalidMedia):
            look(path)


def test_a_sound_file_is_no_film(tmp_path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("alac", rate=44100)
        frame = av.AudioFrame(format="s16p", layout="stereo", samples=4096)
        frame.rate = 44100
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(InvalidMedia, match="picture track"):
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


@pytest.mark.parametrize(
    ("pillow_format", "mode"),
    [("PNG", "P"), ("PNG", "I;16"), ("PNG", "L"), ("PNG", "1"), ("JPEG", "CMYK"), ("PNG", "LA")],
)
def test_every_colour_mode_has_a_thumbnail(tmp_path, pillow_format, mode):
    path = tmp_path / "picture"
    Image.new("RGB", (600, 300), (128, 128, 128)).convert("L" if mode == "I;16" else mode).save(
        path, pillow_format
    )
    if mode == "I;16":
        Image.new("I;16", (600, 300), 128 * 257).save(path, pillow_format)
    picture = as_picture(make_thumbnail(path, "image"))
    assert picture.size == (320, 160)
    if mode != "1":
        middle = picture.convert("RGB").getpixel((100, 100))
        assert all(abs(value - 128) < 12 for value in middle)


def test_a_see_through_picture_stays_see_through(tmp_path):
    picture = as_picture(make_thumbnail(saved(tmp_path / "a", "PNG", mode="RGBA"), "image"))
    assert picture.mode == "RGBA"
    assert abs(picture.getpixel((5, 5))[3] - 128) < 3


def test_a_photograph_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(tmp_path / "photo", "JPEG", size=(600, 300), exif=exif)
    assert as_picture(make_thumbnail(path, "image")).size == (160, 320)
    assert (inspect(path).width, inspect(path).height) == (300, 600)


def test_a_film_s_thumbnail_is_its_first_frame(tmp_path):
    picture = as_picture(make_thumbnail(filmed(tmp_path / "film"), "video", max_side=32))
    assert picture.size == (32, 24)
    red, green, blue = picture.convert("RGB").getpixel((10, 10))
    assert green > 130 > red
    assert green > blue


def test_a_small_picture_is_not_blown_up(tmp_path):
    assert as_picture(make_thumbnail(saved(tmp_path / "a", "PNG"), "image")).size == (60, 40)


def test_a_thumbnail_of_what_is_no_picture_is_refused(tmp_path):
    path = tmp_path / "page"
    path.write_bytes(b"<html>")
    for kind in ("image", "video"):
        with pytest.raises(InvalidMedia):
            make_thumbnail(path, kind)
