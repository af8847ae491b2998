"""Copies, recoloured shots and prints, made for the test, and what they are called."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from reviewer.imaging.keypoints import keypoints
from reviewer.imaging.matcher import Matcher
from reviewer.imaging.matches import Match, edits_in_words
from reviewer.imaging.sheets import Sheet, sheet
from reviewer.imaging.thresholds import thresholds


def scene(seed: int, size: tuple[int, int] = (400, 480)) -> Image.Image:
    """A detailed made-up picture: shapes over a smooth ground."""
    random = np.random.default_rng(seed)
    ground = Image.fromarray(random.integers(60, 200, (7, 7, 3), dtype=np.uint8))
    picture = ground.resize(size, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(picture)
    for _ in range(90):
        x, y = int(random.integers(0, size[0])), int(random.integers(0, size[1]))
        wide, high = (int(side) for side in random.integers(6, 60, 2))
        colour = tuple(int(level) for level in random.integers(0, 256, 3))
        draw = pen.ellipse if random.random() < 0.5 else pen.rectangle
        draw((x, y, x + wide, y + high), fill=colour)
    return picture


def sheet_of(picture: Image.Image) -> Sheet:
    pixels = np.asarray(picture.convert("RGB"))[..., ::-1]
    four = np.dstack([pixels, np.full(pixels.shape[:2], 255, dtype=np.uint8)])
    return sheet(four.tobytes(), picture.width, picture.height)


@pytest.fixture(scope="module")
def original() -> Image.Image:
    return scene(5)


@pytest.fixture(scope="module")
def matcher(original: Image.Image) -> Matcher:
    found = Matcher(thresholds())
    found.learn("original", sheet_of(original))
    for seed in range(20, 32):
        found.learn(f"other {seed}", sheet_of(scene(seed)))
    return found


def matched(matcher: Matcher, picture: Image.Image) -> Match:
    matches = matcher.match(sheet_of(picture))
    assert [match.reference for match in matches] == ["original"]
    return matches[0]


def covered(picture: Image.Image) -> Image.Image:
    copy = picture.copy()
    pen = ImageDraw.Draw(copy)
    pen.rectangle((0, 420, 400, 480), fill=(210, 0, 40))
    pen.ellipse((290, 10, 390, 110), fill=(255, 210, 0))
    return copy


def collage(picture: Image.Image) -> Image.Image:
    sheet = Image.new("RGB", (500, 560), "white")
    sheet.paste(picture.resize((230, 276)), (255, 275))
    sheet.paste(scene(77).resize((230, 260)), (5, 5))
    return sheet


def dyed(picture: Image.Image) -> Image.Image:
    """Other colours of the same lightness: blue and red differences change places."""
    luma, blue, red = picture.convert("YCbCr").split()
    return Image.merge("YCbCr", (luma, red, blue)).convert("RGB")


EDITS = {
    "as it is": (lambda picture: picture, ""),
    "smaller": (lambda picture: picture.resize((200, 240)), ""),
    "mirrored": (ImageOps.mirror, ", mirrored"),
    "turned": (lambda picture: picture.transpose(Image.Transpose.ROTATE_270), ", turned by 90° clockwise"),
    "upside down": (lambda picture: picture.rotate(180), ", turned upside down"),
    "cropped": (lambda picture: picture.crop((40, 48, 360, 432)), ", cropped to 64 %"),
    "framed": (lambda picture: ImageOps.expand(picture, 60, "red"), ", placed on 62 % of this picture"),
    "lighter": (lambda picture: picture.point(lambda level: min(255, 30 + int(level * 0.8))), ""),
    "covered": (covered, ", partly covered"),
    "in a collage": (collage, ", placed on 23 % of this picture"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_copy_is_the_same_photo(matcher: Matcher, original: Image.Image, edit: str) -> None:
    change, words = EDITS[edit]
    match = matched(matcher, change(original))
    assert match.kind == "same photo"
    assert match.words.startswith(words)
    assert match.sentence("reference 2").startswith("Same photo as reference 2")
    assert "keypoint" in match.explanation(thresholds())


def test_the_region_and_the_homography_say_where(matcher: Matcher, original: Image.Image) -> None:
    match = matched(matcher, collage(original))
    corners = np.array(match.region) * (500, 560)
    assert np.abs(np.sort(corners[:, 0]) - [255, 255, 485, 485]).max() < 3
    assert np.abs(np.sort(corners[:, 1]) - [275, 275, 551, 551]).max() < 3
    matrix = np.array(match.homography).reshape(3, 3)
    middle = matrix @ (0.5, 0.5, 1)
    assert middle[0] / middle[2] * 500 == pytest.approx(370, abs=2)
    assert middle[1] / middle[2] * 560 == pytest.approx(413, abs=2)
    assert np.abs(np.array(match.reference_region) - 0.5).max() == pytest.approx(0.5, abs=0.01)
    assert (match.mirrored, round(match.turned)) == (False, 0)


def test_the_same_shot_in_other_colours_is_recoloured(matcher: Matcher, original: Image.Image) -> None:
    match = matched(matcher, dyed(original))
    assert match.kind == "recoloured"
    assert match.sentence("reference 2").startswith("Same shot in other colours as reference 2")


def test_a_copy_without_colours_is_recoloured(matcher: Matcher, original: Image.Image) -> None:
    match = matched(matcher, original.convert("L").convert("RGB"))
    assert match.kind == "recoloured"
    assert "without its colours" in match.words


def test_one_dyed_part_is_enough(matcher: Matcher, original: Image.Image) -> None:
    """A stripe whose hue changes while its structure stays."""
    partly = original.copy()
    partly.paste(dyed(original).crop((0, 200, 400, 280)), (0, 200))
    assert matched(matcher, partly).kind == "recoloured"


def test_the_same_print_in_another_photo_is_no_copy(matcher: Matcher, original: Image.Image) -> None:
    label = original.crop((120, 150, 280, 330))
    other = scene(99)
    other.paste(label.rotate(4, Image.Resampling.BICUBIC), (130, 140))
    match = matched(matcher, other)
    assert match.kind == "same print"
    assert "in another photo" in match.sentence("reference 2")
    assert "the photo is another" in match.explanation(thresholds())


def test_another_picture_matches_nothing(matcher: Matcher) -> None:
    assert matcher.match(sheet_of(scene(4711))) == []
    assert matcher.match(sheet_of(Image.new("RGB", (300, 300), "white"))) == []


def test_two_copies_in_one_picture_are_two_placements(matcher: Matcher, original: Image.Image) -> None:
    twice = Image.new("RGB", (520, 320), "white")
    twice.paste(original.resize((250, 300)), (5, 10))
    twice.paste(original.resize((250, 300)), (265, 10))
    matches = matcher.match(sheet_of(twice), ["original"])
    assert [match.kind for match in matches] == ["same photo", "same photo"]
    assert len({round(np.mean([x for x, _ in match.region]), 1) for match in matches}) == 2


def test_a_smooth_picture_is_found_by_its_code() -> None:
    ground = np.random.default_rng(2).integers(0, 256, (3, 3, 3), dtype=np.uint8)
    smooth = Image.fromarray(ground).resize((300, 260), Image.Resampling.BICUBIC)
    matcher = Matcher(thresholds())
    matcher.learn("smooth", sheet_of(smooth))
    match = matcher.match(sheet_of(ImageOps.mirror(smooth)))[0]
    assert (match.kind, match.mirrored) == ("same photo", True)


def test_of_two_alike_the_better_one_keeps_the_region(original: Image.Image) -> None:
    lighter = original.point(lambda level: min(255, int(level * 1.03)))
    matcher = Matcher(thresholds())
    matcher.learn("original", sheet_of(original))
    matcher.learn("lighter", sheet_of(lighter))
    kinds = {match.reference: match.kind for match in matcher.match(sheet_of(original))}
    assert kinds == {"original": "same photo", "lighter": "recoloured"}


def test_references_are_forgotten_and_unknown_ones_are_an_error(original: Image.Image) -> None:
    matcher = Matcher(thresholds())
    matcher.learn("original", sheet_of(original))
    assert matcher.forget(["original", "never"]) == 1
    assert matcher.match(sheet_of(original)) == []
    with pytest.raises(KeyError):
        matcher.match(sheet_of(original), ["original"])


def test_mirrored_keypoints_are_those_of_the_mirrored_picture(original: Image.Image) -> None:
    gray = np.asarray(original.convert("L"))
    ours = keypoints(gray, 4000).mirrored()
    theirs = keypoints(np.ascontiguousarray(gray[:, ::-1]), 4000)
    likeness = ours.roots() @ theirs.roots().T
    assert (likeness.max(axis=1) > 0.97).mean() > 0.7
    nearest = theirs.places[likeness.argmax(axis=1)]
    assert (np.hypot(*(nearest - ours.places).T) < 2).mean() > 0.8


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ({}, ""),
        ({"mirrored": True, "overlap": 0.62}, ", mirrored and cropped to 62 %"),
        ({"turned": -90.0, "gray": True}, ", turned by 90° anticlockwise and without its colours"),
        ({"turned": 7.0, "cover": 0.5, "overlay": 0.2}, ", slanted by 7°, placed on 50 % of this picture and partly "),
    ],
)
def test_edits_in_words(edits: dict[str, float], words: str) -> None:
    plain = {"mirrored": False, "turned": 0.0, "overlap": 1.0, "cover": 1.0, "overlay": 0.0, "gray": False}
    told = edits_in_words(**(plain | edits))  # type: ignore[arg-type]
    assert told.startswith(words) if words else told == ""
