"""Plots: one picture with its words, small, closed; in this process, in a kernel, in exported HTML."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from html.parser import HTMLParser

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.figure import Figure
from nbconvert import HTMLExporter
from notebook_factory import run_cells
from PIL import Image

from helpers import maps, plots, world
from tools.page import html_of

ALT = "A line that rises from the left to the right."
RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


@pytest.fixture(autouse=True)
def _figures_are_drawn_into_memory_and_none_is_left():
    before = plt.get_backend()
    plt.switch_backend("agg")
    yield
    plt.close("all")
    plt.switch_backend(before)


@pytest.fixture
def shown(monkeypatch) -> list:
    """What the helpers display, in order."""
    objects: list = []
    monkeypatch.setattr(plots, "display", objects.append)
    return objects


def line(end: float = 1.0, size: tuple[float, float] = (3, 2)) -> Figure:
    fig, ax = plt.subplots(figsize=size)
    ax.plot([0, 1], [0, end])
    ax.set_ylim(-1, 1)
    return fig


def plain(colour: str) -> Figure:
    fig = plt.figure(figsize=(1, 1))
    fig.add_axes((0, 0, 1, 1), facecolor=colour).set(xticks=[], yticks=[])
    return fig


def bundle(obj: object) -> tuple[dict, dict]:
    """The data and the metadata that a notebook would store."""
    return DisplayFormatter().format(obj)


def picture(obj: object) -> Image.Image:
    data, _ = bundle(obj)
    return Image.open(io.BytesIO(base64.b64decode(data["image/png"])))


# --- show --------------------------------------------------------------------------------------------


def test_show_displays_one_picture_with_its_words_and_closes_the_figure(shown):
    plots.show(line(), alt=ALT)
    (one,) = shown
    data, metadata = bundle(one)
    assert {kind for kind in data if kind.startswith("image/")} == {"image/png"}
    assert metadata["image/png"]["alt"] == ALT
    assert plt.get_fignums() == []


def test_show_is_sharp_small_and_of_the_figures_size(shown):
    plots.show(line(size=(6, 4)), alt=ALT)
    image = picture(shown[0])
    assert image.size == (6 * plots.DPI, 4 * plots.DPI)
    assert bundle(shown[0])[1]["image/png"]["width"] == 6 * plots.SHOWN_DPI
    assert len(base64.b64decode(bundle(shown[0])[0]["image/png"])) < 20_000


def test_the_paper_stays_white(shown):
    plots.show(line(), alt=ALT)
    assert picture(shown[0]).convert("RGB").getpixel((0, 0)) == WHITE


def test_a_map_full_of_points_stays_below_a_hundred_kilobytes(shown):
    fig, ax = maps.axes_on_map()
    ax.plot(*world.sample(3000, seed=1).T, ".", color=plots.MODEL)
    plots.show(fig, alt=ALT)
    assert len(base64.b64decode(bundle(shown[0])[0]["image/png"])) < 100_000


def test_the_palette_keeps_the_colours_of_the_course(shown):
    for colour in (plots.MODEL, plots.DATA, plots.TRUTH, maps.LAND):
        plots.show(plain(colour), alt=ALT)
        wanted = Image.new("RGB", (1, 1), colour).getpixel((0, 0))
        found = picture(shown[-1]).convert("RGB").getpixel((50, 50))
        assert np.abs(np.subtract(found, wanted)).max() <= 2


@pytest.mark.parametrize("alt", ["", "A plot", "Figure 1."])
@pytest.mark.parametrize("display", [plots.show, lambda fig, alt: plots.animate([fig, line(0)], alt=alt)])
def test_too_few_words_are_refused_in_a_sentence(shown, display, alt):
    with pytest.raises(ValueError, match=r"alt= says in a sentence what the figure shows"):
        display(line(), alt=alt)
    assert shown == [] and plt.get_fignums() == []


def test_alt_is_not_optional():
    with pytest.raises(TypeError, match="alt"):
        plots.show(line())


# --- animate -----------------------------------------------------------------------------------------


def frames(image: Image.Image) -> list[Image.Image]:
    found = []
    for number in range(image.n_frames):
        image.seek(number)
        found.append(image.convert("RGB"))
    return found


def durations(image: Image.Image) -> list[float]:
    found = []
    for number in range(image.n_frames):
        image.seek(number)
        found.append(image.info["duration"])
    return found


def test_an_animation_has_a_frame_for_every_figure_and_loops_for_ever(shown):
    plots.animate((line(end) for end in (-1, -0.5, 0, 0.5, 1)), alt=ALT, seconds_each=0.3)
    (one,) = shown
    image = picture(one)
    assert image.format == "PNG" and image.is_animated and image.n_frames == 5
    assert image.info["loop"] == 0
    assert durations(image) == [300, 300, 300, 300, 1500]
    assert bundle(one)[1]["image/png"] == {"alt": ALT, "width": 3 * plots.SHOWN_DPI}
    assert plt.get_fignums() == []


def test_every_frame_looks_like_its_figure(shown):
    ends = (-1, 0, 1)
    plots.animate([line(end) for end in ends], alt=ALT)
    for frame, end in zip(frames(picture(shown[0])), ends, strict=True):
        plots.show(line(end), alt=ALT)
        alone = np.asarray(picture(shown[-1]).convert("RGB"), int)
        assert np.abs(np.asarray(frame, int) - alone).mean() < 1


def test_a_colour_of_an_early_frame_survives(shown):
    plots.animate([plain("red"), plain("blue"), plain("white")], alt=ALT)
    colours = [frame.getpixel((50, 50)) for frame in frames(picture(shown[0]))]
    assert len(colours) == 3
    assert np.abs(np.subtract(colours, (RED, BLUE, WHITE))).max() < 40


def test_two_equal_frames_take_the_time_of_both(shown):
    plots.animate([line(0), line(0), line(1)], alt=ALT, seconds_each=0.2)
    assert sum(durations(picture(shown[0]))) == 200 + 200 + 1500


def test_one_figure_is_an_animation_of_one_picture(shown):
    plots.animate([line()], alt=ALT)
    assert picture(shown[0]).size == (360, 240)


def test_no_figure_is_no_animation(shown):
    with pytest.raises(ValueError):
        plots.animate([], alt=ALT)


def test_figures_of_different_sizes_are_refused(shown):
    with pytest.raises(ValueError):
        plots.animate([line(), line(size=(4, 3))], alt=ALT)


# --- sliders -----------------------------------------------------------------------------------------


def inside(widget: widgets.Widget) -> list[widgets.Widget]:
    return [widget, *(child for each in getattr(widget, "children", ()) for child in inside(each))]


def slide(shown: list, draw: Callable = lambda a, b: (line(a), f"sum {a + b:g}")) -> dict:
    """Sliders a and b, and the parts of what they display."""
    plots.sliders(draw, alt=ALT, a=(-1, 1, 0.5, 0), b=(0, 10, 1, 3))
    (tree,) = shown
    parts = inside(tree)
    text, status = [part for part in parts if isinstance(part, widgets.HTML)]
    (image,) = [part for part in parts if isinstance(part, widgets.Image)]
    handles = {part.description: part for part in parts if isinstance(part, widgets.FloatSlider)}
    return handles | {"image": image, "text": text, "status": status}


def test_sliders_have_the_names_ranges_and_starts_asked_for(shown):
    parts = slide(shown)
    assert [name for name in parts if len(name) == 1] == ["a", "b"]
    a, b = parts["a"], parts["b"]
    assert (a.min, a.max, a.step, a.value) == (-1, 1, 0.5, 0)
    assert (b.min, b.max, b.step, b.value) == (0, 10, 1, 3)


def test_sliders_show_the_start_at_once_with_its_words(shown):
    parts = slide(shown)
    assert "sum 3" in parts["status"].value
    assert 'role="status"' in parts["status"].value, "a screen reader reads the new number out"
    assert ALT in parts["text"].value
    assert Image.open(io.BytesIO(parts["image"].value)).size == (360, 240)
    assert int(parts["image"].width) == 240


def test_moving_a_slider_changes_the_picture_and_the_text(shown):
    parts = slide(shown)
    first = parts["image"].value
    parts["a"].value = 1
    assert "sum 4" in parts["status"].value
    assert parts["image"].value != first
    parts["b"].value = 9
    assert "sum 10" in parts["status"].value
    parts["a"].value, parts["b"].value = 0, 3
    assert parts["image"].value == first and "sum 3" in parts["status"].value
    assert len(shown) == 1, "the widget is displayed once"
    assert plt.get_fignums() == []


def test_the_text_under_the_sliders_is_text(shown):
    parts = slide(shown, lambda a, b: (line(a), "p(x<y) & more"))
    assert "p(x&lt;y) &amp; more" in parts["status"].value


# --- maps and grids ----------------------------------------------------------------------------------


def test_a_single_map_is_labelled_and_shows_all_of_the_world():
    fig, ax = maps.axes_on_map()
    assert ax.get_xlim() == (-180, 180) and ax.get_ylim() == (-90, 90) and ax.get_aspect() == 1
    assert "longitude" in ax.get_xlabel() and "latitude" in ax.get_ylabel()
    assert "degrees" in ax.get_xlabel() and "degrees" in ax.get_ylabel()


@pytest.mark.parametrize(("rows", "columns"), [(1, 3), (2, 1), (2, 2)])
def test_several_maps_are_of_one_size_and_bare(rows, columns):
    fig, axes = maps.axes_on_map(rows, columns, footer=0.5)
    assert axes.size == rows * columns == len(fig.axes)
    fig.draw_without_rendering()
    boxes = np.array([ax.get_window_extent().size for ax in axes.ravel()])
    assert np.allclose(boxes, boxes[0], atol=1)
    assert all(ax.get_xlabel() == "" and ax.get_xlim() == (-180, 180) for ax in axes.ravel())


def test_points_on_a_map_do_not_move_its_limits():
    fig, ax = maps.axes_on_map(land=False)
    assert ax.images == [] or len(ax.images) == 0
    ax.plot([-300, 300], [-100, 100])
    assert ax.get_xlim() == (-180, 180) and ax.get_ylim() == (-90, 90)


def test_the_map_has_land_where_land_is():
    fig, ax = maps.axes_on_map()
    (image,) = ax.images
    rgb = np.asarray(image.get_array())
    assert image.origin == "lower" and list(image.get_extent()) == [-180, 180, -90, 90]
    assert np.array_equal((rgb < 1).all(axis=-1), world.land_mask())
    assert np.allclose(rgb[world.land_mask()], int(maps.LAND[1:3], 16) / 255)


def test_a_density_is_drawn_from_zero_to_its_top_the_right_way_up():
    fig, ax = maps.axes_on_map(land=False)
    image = maps.draw_density(ax, world.log_density, degrees=2)
    density = np.asarray(image.get_array())
    assert density.shape == (90, 180) and image.origin == "lower"
    assert np.array_equal(density > 0, world.is_land(world.grid(2)))
    assert np.allclose(density[density > 0], 1), "the unit is p_data on land"
    assert (image.norm.vmin, image.norm.vmax) == (0, 2)
    assert np.sum(image.cmap(image.norm(0.0))[:3]) < np.sum(image.cmap(image.norm(1.0))[:3]), "dark for none"
    assert "longitude" in ax.get_xlabel()


def test_a_density_takes_a_unit_and_a_top_of_its_own_and_keeps_bare_axes_bare():
    fig, axes = maps.axes_on_map(1, 2, land=False)
    image = maps.draw_density(axes[1], world.log_density, degrees=10, unit=0.5, top=0.25)
    assert image.norm.vmax == 0.25
    assert np.isclose(np.asarray(image.get_array()).max(), 2 / world.LAND_AREA)
    assert axes[1].get_xlabel() == "" and axes[1].get_xlim() == (-180, 180)


def test_losses_have_names_markers_of_their_own_and_a_unit():
    fig, ax = plt.subplots()
    plots.draw_losses(ax, [1, 2], [3, 2], [4, 3], truth=2.5)
    names = [line.get_label() for line in ax.get_lines()]
    styles = {(line.get_marker(), line.get_linestyle()) for line in ax.get_lines()}
    assert names == ["training points", "held-out points", "the truth itself"]
    assert len(styles) == 3, "not by colour alone"
    assert "nats" in ax.get_ylabel()


def test_lines_differ_in_more_than_colour():
    fig, ax = plt.subplots()
    plots.draw_lines(ax, [1, 2, 3], {"a": [1, 2, 3], "b": [3, 2, 1], "c": [2, 2, 2]}, xlabel="x", title="t")
    lines = ax.get_lines()
    assert len({(line.get_marker(), line.get_linestyle()) for line in lines}) == 3
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b", "c"]
    assert ax.get_xlabel() == "x" and ax.get_title() == "t"
    fig, ax = plt.subplots()
    plots.draw_lines(ax, range(100), {"alone": range(100)})
    assert ax.get_legend() is None and ax.get_lines()[0].get_marker() == "None", "markers would hide it"


def test_a_field_shows_what_is_seen_and_dots_on_the_rest_of_the_past():
    seen = np.zeros((3, 4))
    seen[0, 1:3] = 0.5, -2
    fig, ax = plt.subplots()
    plots.draw_field(ax, seen, at=(1, 2), title="view")
    assert ax.get_title() == "view: 2 of 6 seen"
    missed = {tuple(int(k) for k in text.get_position()[::-1]) for text in ax.texts}
    assert missed == {(0, 0), (0, 3), (1, 0), (1, 1)}, "the past alone, row by row"
    (cross,) = ax.get_lines()
    assert cross.get_marker() == "+" and [int(k[0]) for k in cross.get_data()] == [2, 1]


def drawn(fig: Figure) -> list[np.ndarray]:
    """The images in a grid, as they look: red, green and blue from 0 to 1."""
    found = []
    for ax in fig.axes:
        for image in ax.images:
            array = np.asarray(image.get_array(), float)
            found.append(array if array.ndim == 3 else image.cmap(image.norm(array))[..., :3])
    return found


def test_grey_images_are_ink_on_paper():
    images = np.zeros((2, 4, 5, 1), np.float32)
    images[0, 1, 2] = 1
    images[1] = 0.5
    fig = plots.image_grid(images, columns=2)
    first, second = drawn(fig)
    assert first.shape == (4, 5, 3)
    assert np.allclose(first[1, 2], 0) and np.allclose(first[0, 0], 1)
    assert np.allclose(second, 0.5, atol=0.02), "not stretched to the image's own range"


def test_colour_images_keep_their_colours_and_are_cut_to_the_range():
    images = np.full((1, 3, 3, 3), (1.5, 0.25, -0.5), np.float32)
    fig = plots.image_grid(images, columns=1)
    assert np.allclose(drawn(fig)[0], (1, 0.25, 0))


@pytest.mark.parametrize("shape", [(1, 5, 1), (5, 1, 1), (1, 1, 1), (1, 4, 3), (4, 1, 3)])
def test_an_image_one_pixel_high_or_wide_is_an_image(shape):
    fig = plots.image_grid(np.ones((1, *shape), np.float32), columns=1)
    assert drawn(fig)[0].shape == (*shape[:2], 3)


def test_a_grid_has_rows_enough_and_leaves_the_last_places_empty():
    fig = plots.image_grid(np.zeros((5, 4, 4, 1)), columns=3, titles=["one", "two"])
    assert len(fig.axes) == 6 and len(drawn(fig)) == 5
    assert not any(ax.axison for ax in fig.axes)
    assert [ax.get_title() for ax in fig.axes] == ["one", "two", "", "", "", ""]


def titled(title: str, titles: tuple[str, ...] = ()) -> Figure:
    fig = plots.image_grid(np.zeros((5, 4, 4, 1)), columns=3, titles=titles, title=title)
    fig.draw_without_rendering()
    return fig


def test_a_grid_has_a_title_of_its_own_only_when_asked(shown):
    bare, named = titled(""), titled("Five signs")
    assert bare.get_suptitle() == "" and named.get_suptitle() == "Five signs"
    inks = []
    for fig in (bare, named):
        top = round(0.25 * plots.DPI)  # of paper only, but for a title
        plots.show(fig, alt=ALT)
        inks.append((np.asarray(picture(shown[-1]).convert("L"))[:top] < 100).sum())
    assert inks[0] == 0 < inks[1]


@pytest.mark.parametrize("titles", [(), ("one", "two")])
def test_a_title_makes_the_grid_taller_and_leaves_its_images_their_size(titles):
    bare, named = titled("", titles), titled("Five signs", titles)
    (width, height), (named_width, named_height) = bare.get_size_inches(), named.get_size_inches()
    assert named_width == width and 0.1 < named_height - height < 0.5
    sizes = [[ax.get_window_extent().size for ax in fig.axes if ax.images] for fig in (bare, named)]
    assert np.allclose(*sizes, atol=1)


def test_the_title_of_a_grid_stands_above_all_titles_and_inside_the_figure():
    fig = titled("Five signs", ("one", "two", "three"))
    (words,) = [text for text in fig.texts if text.get_text() == "Five signs"]
    box = words.get_window_extent()
    assert box.y1 <= fig.bbox.y1 and box.x0 >= 0 and box.x1 <= fig.bbox.x1
    assert all(ax.title.get_window_extent().y1 <= box.y0 for ax in fig.axes)


# --- a notebook and its HTML -------------------------------------------------------------------------

HARD_ALT = 'A "quoted" line: x < 1 & y > 0, über 20 Grad.'
CELLS = [
    f"""
import matplotlib.pyplot as plt
from helpers.plots import animate, show, sliders
def line(end):
    fig, ax = plt.subplots(figsize=(3, 2))
    ax.plot([0, end])
    return fig
ALT = {ALT!r}
""",
    "show(line(1), alt=ALT)",
    f"show(line(2), alt={HARD_ALT!r})",
    "animate([line(1), line(2)], alt=ALT)",
    "sliders(lambda a: (line(a), 'text'), alt=ALT, a=(0, 1, 0.5, 0))",
]


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """CELLS after a run in a real kernel."""
    return run_cells(tmp_path_factory.mktemp("plots"), CELLS)


@pytest.mark.parametrize("cell", [1, 2, 3])
def test_in_a_notebook_a_figure_is_one_output(executed, cell):
    (output,) = executed.cells[cell].outputs
    assert output.output_type == "display_data"
    assert {kind for kind in output.data if kind.startswith("image/")} == {"image/png"}
    assert set(output.metadata) == {"image/png"}


def test_in_a_notebook_sliders_are_one_widget(executed):
    (output,) = executed.cells[4].outputs
    assert "application/vnd.jupyter.widget-view+json" in output.data


class _Pictures(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.found.append(dict(attrs))


def classic(nb):
    return HTMLExporter(template_name="classic").from_notebook_node(nb)[0]


@pytest.mark.parametrize("export", [html_of, classic])
def test_the_exported_page_has_every_picture_with_its_alt_text(executed, export):
    page = export(executed)
    parser = _Pictures()
    parser.feed(page)
    alts = [image.get("alt") for image in parser.found]
    assert alts == [ALT, HARD_ALT, ALT]
    assert page.count(f'alt="{ALT}"') == 2
    for image in parser.found:
        assert (image["src"] or "").startswith("data:image/png;base64,")
        assert image["width"] == str(3 * plots.SHOWN_DPI)
