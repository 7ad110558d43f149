"""Finding, verifying and downloading data sets, on small ones that the tests make."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pooch
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, integer_dtypes
from typer.testing import CliRunner

from imc import datasets, paths
from imc.datasets import manifest, memory, store
from imc.datasets.cli import app
from imc.datasets.manifest import Entry, File, Form
from imc.errors import UserError

CONTENT = np.arange(1083 * 32 * 32 * 3, dtype=np.uint8).reshape(1083, 32, 32, 3)


@pytest.fixture
def places(tmp_path, monkeypatch):
    """The three folders that are searched, all empty: named, shared, cache."""
    monkeypatch.setenv("IMC_DATA", str(tmp_path / "named"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    monkeypatch.setattr(paths, "ROOT", tmp_path / "checkout")
    folders = {
        "named": tmp_path / "named",
        "shared": tmp_path / "shared" / "data",
        "cache": paths.cache_dir(),
    }
    for folder in folders.values():
        folder.mkdir(parents=True)
    return folders


@pytest.fixture
def content(tmp_path):
    """Bytes of the one file of the data set `toy`."""
    np.savez(tmp_path / "toy.npz", train_images=CONTENT, train_labels=np.arange(1083, dtype=np.uint8))
    return (tmp_path / "toy.npz").read_bytes()


@pytest.fixture
def toy(content, monkeypatch):
    """A manifest with one small data set, read as the part of SVHN is."""
    file = File(
        "folder/toy.npz",
        len(content),
        hashlib.sha256(content).hexdigest(),
        ("https://a.org/t", "https://b.org/t"),
    )
    entry = Entry("toy", "toy", "none", "none", None, (Form("svhn:read_part", (file,)),))
    monkeypatch.setattr(manifest, "entries", lambda: {"toy": entry})
    return entry


def put(folder, content):
    path = folder / "folder" / "toy.npz"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def serve(monkeypatch, answers):
    """Let downloads of an address get these bytes, or raise this exception after half of them."""

    def download(self, url, output_file, pooch, check_only=False):
        answer = answers[url]
        if isinstance(answer, Exception):
            Path(output_file).write_bytes(b"half")
            raise answer
        Path(output_file).write_bytes(answer)

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", download)


def left_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_search_order_is_named_shared_cache(places, toy, content):
    for folder in places.values():
        put(folder, content)
    for folder in places.values():
        assert datasets.load("toy").source == str(folder)
        (folder / "folder" / "toy.npz").unlink()


def test_a_form_counts_only_when_all_its_files_are_there(places, toy, content, monkeypatch):
    first = toy.forms[0].files[0]
    both = Form("svhn:read_part", (first, File("second", 1, "0")))
    monkeypatch.setattr(
        manifest, "entries", lambda: {"toy": Entry("toy", "", "", "", None, (both, toy.forms[0]))}
    )
    put(places["named"], content)
    found = store.locate(manifest.entry("toy"))
    assert found
    assert found.form == toy.forms[0]


@pytest.mark.parametrize(
    ("damage", "said"),
    [(lambda b: b[:-1], "bytes instead of"), (lambda b: b[:-1] + bytes([b[-1] ^ 1]), "sha256")],
)
def test_torn_or_altered_file_is_refused_even_after_it_was_verified(places, toy, content, damage, said):
    path = put(places["named"], content)
    datasets.load("toy")
    path.write_bytes(damage(content))
    os.utime(path, ns=(0, 0))  # another time, however coarse the clock
    with pytest.raises(UserError, match=said) as refused:
        datasets.load("toy")
    assert str(path) in str(refused.value)
    (status,) = datasets.status(verify=True)
    assert status.verified is False
    assert CliRunner().invoke(app, []).exit_code != 0


def test_pinned_file_that_cannot_be_decoded_is_refused(places, monkeypatch):
    file = File("folder/toy.npz", 4, hashlib.sha256(b"junk").hexdigest())
    entry = Entry("toy", "", "", "", None, (Form("svhn:read_part", (file,)),))
    monkeypatch.setattr(manifest, "entries", lambda: {"toy": entry})
    put(places["named"], b"junk")
    with pytest.raises(UserError, match="cannot be read"):
        datasets.load("toy")


def test_arrays_of_another_digest_are_refused(places, toy, content, monkeypatch):
    pinned = Entry("toy", "", "", "", "0" * 64, toy.forms)
    monkeypatch.setattr(manifest, "entries", lambda: {"toy": pinned})
    put(places["named"], content)
    with pytest.raises(UserError, match="not 0000"):
        datasets.load("toy")
    assert not left_in(places["cache"])


def test_verified_data_is_not_hashed_again(places, toy, content, monkeypatch):
    put(places["named"], content)
    first = datasets.load("toy")

    def fail(*_):
        raise AssertionError("hashed again")

    monkeypatch.setattr(store.Found, "check", fail)
    assert datasets.load("toy").digest == first.digest == datasets.digest("toy")
    (status,) = datasets.status()
    assert status.verified is True


def test_cache_that_cannot_be_written_costs_nothing_but_time(places, toy, content, monkeypatch):
    put(places["named"], content)
    monkeypatch.setenv("XDG_CACHE_HOME", str(places["named"] / "folder" / "toy.npz"))  # a file, not a folder
    assert datasets.load("toy").digest == datasets.load("toy").digest


def test_download_moves_verified_files_into_the_cache(places, toy, content, monkeypatch):
    serve(monkeypatch, {"https://a.org/t": requests.ConnectionError("no route"), "https://b.org/t": content})
    got = CliRunner().invoke(app, ["fetch", "toy"])
    assert got.exit_code == 0
    assert (places["cache"] / "folder" / "toy.npz").read_bytes() == content
    assert datasets.load("toy").source == str(places["cache"])


@pytest.mark.parametrize("answer", [requests.ConnectionError("no route"), TimeoutError(), b"something else"])
def test_without_network_one_sentence_and_nothing_left(places, toy, monkeypatch, answer):
    serve(monkeypatch, dict.fromkeys(toy.forms[0].files[0].addresses, answer))
    with pytest.raises(UserError) as refused:
        datasets.load("toy")
    said = str(refused.value)
    assert "\n" not in said
    for part in (
        "https://a.org/t",
        "https://b.org/t",
        "IMC_DATA",
        "folder/toy.npz",
        *map(str, places.values()),
    ):
        assert part in said
    assert not left_in(places["cache"])
    assert CliRunner().invoke(app, ["fetch", "toy"]).exit_code != 0


def test_data_set_without_address_says_where_to_put_it(places):
    with pytest.raises(UserError, match=r"no address.*IMC_DATA"):
        datasets.load("svhn-part")


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(UserError, match=r"'mist'.*omniglot, mnist, svhn"):
        datasets.load("mist")


def test_table_lists_every_data_set(places, toy, content):
    put(places["named"], content)
    shown = CliRunner().invoke(app, [])
    assert shown.exit_code == 0
    assert "toy" in shown.output
    assert "yes" in shown.output


def test_kept_arrays_come_back_and_a_torn_keep_is_ignored(places):
    bits = np.random.default_rng(0).integers(0, 2, (3, 5, 7), np.uint8)
    stored = {"bits": bits, "bytes": np.arange(9, dtype=np.uint8), "names": np.array(["a", "bc"])}
    digest = datasets.fingerprint(stored)
    memory.keep("toy", digest, stored)
    back = memory.kept("toy", digest)
    assert back
    assert datasets.fingerprint(back) == digest
    (path,) = left_in(places["cache"])
    path.write_bytes(path.read_bytes()[:100])
    assert memory.kept("toy", digest) is None
    memory.keep("toy", "f" * 64, stored)
    assert len(left_in(places["cache"])) == 1  # the newer one replaces it


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"\0" * 500])
def test_other_arrays_in_the_cache_are_not_taken(places, damage):
    stored = {"x": np.arange(12.0).reshape(3, 4)}
    digest = datasets.fingerprint(stored)
    memory.keep("toy", digest, stored)
    path = memory._kept("toy", digest)
    if damage:
        path.write_bytes(damage)
    else:
        np.savez(path, x=np.zeros((3, 4)))
    assert memory.kept("toy", digest) is None


@given(st.data())
def test_any_damage_in_the_cache_is_noticed(tmp_path_factory, data):
    stored = {"x": np.arange(12.0).reshape(3, 4), "bits": np.ones((3, 5), np.uint8)}
    digest = datasets.fingerprint(stored)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "damaged"))
        memory.keep("toy", digest, stored)
        path = memory._kept("toy", digest)
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 3))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
        back = memory.kept("toy", digest)
        assert back is None or datasets.fingerprint(back) == digest
        memory.remember("toy", [], None, digest)
        memory._stamp("toy").write_text(data.draw(st.sampled_from(["", "[]", "null", "{}", "7", "[1]"])))
        assert memory.recall("toy", [], None) is None


def test_a_table_with_a_syntax_error_names_its_file(tmp_path):
    (tmp_path / "table.toml").write_text("[one\n")
    with pytest.raises(UserError, match=r"table\.toml cannot be read as TOML: .*line 1"):
        paths.read_toml(tmp_path / "table.toml")


@given(
    st.dictionaries(
        st.text("abc", min_size=1), arrays(integer_dtypes(), array_shapes(max_dims=3, max_side=4)), min_size=1
    )
)
def test_fingerprint_depends_on_content_alone(content):
    same = {
        name: np.asfortranarray(content[name].astype(content[name].dtype.newbyteorder(">")))
        for name in reversed(content)
    }
    assert datasets.fingerprint(same) == datasets.fingerprint(content)


@given(arrays(np.uint8, array_shapes(max_dims=3, max_side=4)))
def test_fingerprint_sees_every_change(array):
    other = array.copy()
    other.flat[0] ^= 1
    variants = [{"a": array}, {"b": array}, {"a": array.view(np.int8)}, {"a": array[None]}, {"a": other}]
    assert len({datasets.fingerprint(variant) for variant in variants}) == len(variants)


def test_data_set_gives_its_arrays_as_attributes():
    data = datasets.Dataset("toy", {"labels": np.arange(3)}, "0", "here")
    assert data.labels.tolist() == [0, 1, 2]
    with pytest.raises(AttributeError, match="labels"):
        _ = data.images


def test_every_entry_is_complete():
    for name, entry in manifest.entries().items():
        assert entry.title, name
        assert entry.licence, name
        assert entry.citation, name
        assert bool(entry.forms) != bool(entry.maker), name
        for form in entry.forms:
            assert all(len(file.sha256) == 64 and file.size > 0 for file in form.files), name


def test_importing_is_cheap():
    heavy = "{'scipy', 'sklearn', 'matplotlib', 'pooch', 'PIL', 'torch', 'requests'}"
    code = f"import sys, imc.datasets; print(*sorted({heavy} & set(sys.modules)))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "\n"
    )
