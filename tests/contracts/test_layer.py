"""What the layer's recipe promises: hash-based bytecode, only used data, the same bytes again."""

import importlib.util
import py_compile
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

RECIPE = Path(__file__).resolve().parents[2] / "layers" / "switchboard" / "build_layer.py"


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The recipe beside a small package, with an installer that needs no network."""
    shutil.copy(RECIPE, tmp_path)
    spec = importlib.util.spec_from_file_location("build_layer", tmp_path / RECIPE.name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "build_layer", module)
    spec.loader.exec_module(module)
    write(tmp_path / "switchboard" / "__init__.py", "NAME = 'switchboard'\n")
    write(tmp_path / "requirements.txt", "botocore==0\n")
    monkeypatch.setattr(module, "install", install)
    return module


def install(into: Path, _target: str) -> None:
    write(into / "botocore" / "__init__.py", "")
    write(into / "botocore" / "data" / "endpoints.json", "{}")
    write(into / "botocore" / "data" / "dynamodb" / "service.json", "{}")
    write(into / "botocore" / "data" / "s3" / "2006-03-01" / "service-2.json.gz", "{}")
    write(into / "botocore" / "data" / "s3" / "2006-03-01" / "waiters-2.json", "{}")
    write(into / "botocore" / "data" / "ec2" / "service.json", "{}")
    write(into / "botocore" / "tests" / "test_it.py", "")
    write(into / "botocore" / "hints.pyi", "")
    write(into / "botocore-0.dist-info" / "RECORD", "")
    write(into / "botocore-0.dist-info" / "METADATA", "Name: botocore")


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def build(recipe: ModuleType, tmp_path: Path, zip_name: str = "layer.zip") -> Path:
    recipe.build(tmp_path / "out", "host", tmp_path / zip_name, tmp_path / "cache")
    return tmp_path / zip_name


def names(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as opened:
        return set(opened.namelist())


def test_every_module_carries_bytecode_that_is_never_compared_with_its_source(
    recipe: ModuleType, tmp_path: Path
) -> None:
    build(recipe, tmp_path)

    sources = list((tmp_path / "out" / "python").rglob("*.py"))
    assert len(sources) == 2
    for source in sources:
        compiled = Path(importlib.util.cache_from_source(str(source))).read_bytes()
        assert compiled[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(compiled[4:8], "little") == 1


def test_bytecode_that_would_be_thrown_away_is_refused(recipe: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "python" / "module.py"
    write(source, "")
    py_compile.compile(
        str(source), invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP, doraise=True
    )

    with pytest.raises(recipe.LayerError, match=r"1 modules without trusted bytecode"):
        recipe.check_bytecode(tmp_path / "python")


def test_a_module_without_bytecode_is_refused(recipe: ModuleType, tmp_path: Path) -> None:
    write(tmp_path / "python" / "module.py", "")

    with pytest.raises(recipe.LayerError, match=r"the first: module\.py"):
        recipe.check_bytecode(tmp_path / "python")


def test_only_the_services_we_use_are_described(recipe: ModuleType, tmp_path: Path) -> None:
    found = names(build(recipe, tmp_path))

    assert "python/botocore/data/dynamodb/service.json" in found
    assert "python/botocore/data/endpoints.json" in found
    assert not [name for name in found if "/ec2/" in name or "/tests/" in name]


def test_of_a_service_only_what_its_calls_need_is_kept(recipe: ModuleType, tmp_path: Path) -> None:
    found = names(build(recipe, tmp_path))

    assert "python/botocore/data/s3/2006-03-01/service-2.json.gz" in found
    assert "python/botocore/data/s3/2006-03-01/waiters-2.json" not in found


def test_licences_and_metadata_stay_and_installer_notes_go(
    recipe: ModuleType, tmp_path: Path
) -> None:
    found = names(build(recipe, tmp_path))

    assert "python/botocore-0.dist-info/METADATA" in found
    assert "python/botocore-0.dist-info/RECORD" not in found
    assert not [name for name in found if name.endswith(".pyi")]


def test_the_same_sources_give_the_same_bytes(recipe: ModuleType, tmp_path: Path) -> None:
    first = build(recipe, tmp_path, "first.zip")
    shutil.rmtree(tmp_path / "cache")

    assert build(recipe, tmp_path, "second.zip").read_bytes() == first.read_bytes()


def test_a_change_of_our_own_code_installs_nothing(
    recipe: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = build(recipe, tmp_path).read_bytes()
    monkeypatch.setattr(recipe, "install", lambda *_: pytest.fail("installed again"))
    write(tmp_path / "switchboard" / "__init__.py", "NAME = 'changed'\n")

    assert build(recipe, tmp_path).read_bytes() != before


def test_other_requirements_are_installed(
    recipe: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(recipe, tmp_path)
    installed: list[Path] = []

    def note(into: Path, target: str) -> None:
        installed.append(into)
        install(into, target)

    monkeypatch.setattr(recipe, "install", note)
    write(tmp_path / "requirements.txt", "botocore==1\n")
    build(recipe, tmp_path)

    assert len(installed) == 1


def test_a_layer_over_the_limit_is_refused(
    recipe: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "SIZE_LIMIT_MB", 0.0001)

    with pytest.raises(recipe.LayerError, match="more than"):
        build(recipe, tmp_path)


def test_dependencies_that_cannot_be_installed_are_said_plainly(tmp_path: Path) -> None:
    shutil.copy(RECIPE, tmp_path)
    write(tmp_path / "requirements.txt", "this is no requirement\n")
    write(tmp_path / "switchboard" / "__init__.py", "")

    done = subprocess.run(
        [sys.executable, tmp_path / RECIPE.name, "--platform", "host", "--out", tmp_path / "out"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "installing the dependencies failed" in done.stderr
    assert "Traceback" not in done.stderr
