"""Where to publish to: what is taken, what is refused, and that no message shows a secret."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bestiary.errors import BestiaryError, ConfigError
from bestiary.publish import open_target
from bestiary.publish.address import Address, read_address
from warehouses import need_driver

GIVEN = "BESTIARY_WAREHOUSE"
HIDDEN = "s3cr%23t"
"""A password as it is written; it means s3cr#t."""


def of(uri: str, **environment: str) -> Address:
    return read_address("postgresql", {GIVEN: uri, **environment})


@pytest.mark.parametrize(
    ("uri", "mode"),
    [
        ("postgresql://u@db.example.com/d", "verify-full"),
        ("postgresql://u@db.example.com/d?sslmode=require", "require"),
        ("postgresql://u@db.example.com/d?sslmode=verify-ca", "verify-ca"),
        ("postgresql://u@localhost,db.example.com/d", "verify-full"),
        ("postgresql:///d?host=db.example.com", "verify-full"),
        ("postgresql://localhost/d?hostaddr=192.0.2.1", "verify-full"),
        ("postgresql:///d?service=shop", "verify-full"),
        ("postgresql://u@[2001:db8::1]:5432/d", "verify-full"),
        ("postgresql://127.example.com/d", "verify-full"),
    ],
)
def test_off_this_machine_the_connection_is_encrypted(uri: str, mode: str) -> None:
    assert f"sslmode={mode}" in of(uri).uri


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://u@localhost/d",
        "postgresql://u@127.0.0.1:5433/d",
        "postgresql://u@[::1]/d",
        "postgresql:///d",
        "postgresql:///d?host=%2Frun%2Fpostgresql",
        "postgresql://%2Frun%2Fpostgresql/d",
    ],
)
def test_on_this_machine_it_need_not_be(uri: str) -> None:
    assert "sslmode" not in of(uri).uri


def test_the_environments_host_and_mode_count() -> None:
    assert "sslmode=verify-full" in of("postgresql:///d", PGHOST="db.example.com").uri
    assert "sslmode=require" in of("postgresql://h/d", PGSSLMODE="require").uri
    assert "sslmode=verify-full" in of("postgresql://localhost/d", PGHOSTADDR="192.0.2.7").uri
    assert "sslmode=verify-full" in of("postgresql:///d", PGSERVICE="shop").uri
    with pytest.raises(ConfigError, match="sslmode=allow to h"):
        of("postgresql://h/d", PGSSLMODE="allow")


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "nonsense"])
def test_a_mode_that_may_not_encrypt_is_refused_and_waived_by_name(mode: str) -> None:
    uri = f"postgresql://u:{HIDDEN}@db.example.com/d?sslmode={mode}"
    with pytest.raises(ConfigError) as told:
        of(uri)
    assert f"sslmode={mode} to db.example.com" in str(told.value)
    assert "--without-tls" in told.value.do
    assert "s3cr" not in str(told.value)
    assert f"sslmode={mode}" in read_address("postgresql", {GIVEN: uri}, without_tls=True).uri


@pytest.mark.parametrize(
    "to",
    [
        f"postgresql://u:{HIDDEN}@h/d",
        f"postgres://u:{HIDDEN}@h/d",
        f"redshift://u:{HIDDEN}@h/d",
        f"POSTGRESQL://u:{HIDDEN}@h/d",
        f"postgresql://u@h/d?password={HIDDEN}",
        f"postgresql://u@h/d?sslmode=require&sslpassword={HIDDEN}",
        f"postgresql://u:{HIDDEN}@[h/d",
    ],
)
def test_a_password_on_the_command_line_is_refused(to: str) -> None:
    with pytest.raises(ConfigError) as told:
        read_address(to, {})
    assert "--to holds a password" in told.value.found
    assert "--connection-file" in told.value.allowed
    assert "s3cr" not in str(told.value)


@pytest.mark.parametrize(
    "given",
    [
        f"host=h password={HIDDEN}",
        f"mysql://u:{HIDDEN}@h/d",
        f"redshift://u:{HIDDEN}@h/d",
        f"postgresql://u:{HIDDEN}@[h/d",
        "postgresql://u:s3cr#t@h/d",
        f"postgresql://u:{HIDDEN} @h/d",
    ],
)
def test_a_connection_that_cannot_be_read_is_not_shown(given: str, tmp_path: Path) -> None:
    (tmp_path / "connection").write_text(given)
    for told_by in ({"environment": {GIVEN: given}}, {"environment": {}, "connection_file": tmp_path / "connection"}):
        with pytest.raises(ConfigError) as told:
            read_address("postgresql", **told_by)
        assert "no connection that can be read" in told.value.found
        assert "s3cr" not in str(told.value)


def test_a_file_wins_over_the_environment_and_goes_with_no_address(tmp_path: Path) -> None:
    file = tmp_path / "connection"
    file.write_text("postgresql://a:b@localhost/file\n")
    assert read_address("postgresql", {GIVEN: "postgresql://localhost/env"}, connection_file=file).told.endswith(
        "/file"
    )
    with pytest.raises(ConfigError, match="--to names the place itself"):
        read_address("out", {}, connection_file=file)
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_address("postgresql", {}, connection_file=tmp_path / "none")
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="it is no text"):
        read_address("postgresql", {}, connection_file=file)


def test_no_connection_given() -> None:
    for environment in ({}, {GIVEN: " "}):
        with pytest.raises(ConfigError, match="needs a connection, and none is given"):
            read_address("postgresql", environment)


def test_what_an_address_is_called_has_no_secret() -> None:
    found = of(f"postgresql://u:{HIDDEN}@h:5433/d?sslmode=require", PGPASSWORD="another")
    assert found.told == "postgresql://u@h:5433/d"
    assert "s3cr" not in repr(found)
    told = found.redacted("s3cr#t and s3cr%23t and another")
    assert told == "*** and *** and ***"
    assert of("postgresql:///d", PGHOST="db.example.com").told == "postgresql:///d?host=db.example.com"


@pytest.mark.parametrize("to", ["", "  ", "ftp://u:s3cr@h/d", "s3://", "s3://k:s3cr@bucket/x", "s3://b/x?y=s3cr"])
def test_what_is_no_place(to: str) -> None:
    with pytest.raises(ConfigError) as told:
        read_address(to, {})
    assert "s3cr" not in str(told.value)


def test_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_address("s3://b/a/c/", {}).told == "s3://b/a/c"
    assert read_address("out", {}).told == str(tmp_path / "out")
    assert read_address("redshift", {GIVEN: "redshift://u:p@h/d"}).uri.startswith("postgresql://u:p@h:5439/d?")
    assert read_address("redshift", {GIVEN: "postgresql://u:p@h:5440/d"}).told == "redshift://u@h:5440/d"


@pytest.mark.parametrize("to", ["postgres", "postgre", "Postgresql", "redshit"])
def test_a_slip_makes_no_folder(to: str) -> None:
    with pytest.raises(ConfigError, match="did you mean"):
        read_address(to, {})
    assert read_address(f"./{to}", {}).kind == "folder"


def test_a_folder_may_be_called_anything(tmp_path: Path) -> None:
    assert open_target(f"{tmp_path}/our schema files", environment={}).told == str(tmp_path / "our schema files")
    assert open_target("postgresql://h/d schema a b", environment={}).told == "postgresql://h/d schema a b"
    assert open_target("postgresql://h/d", schema="x", environment={}).told == "postgresql://h/d schema x"


def test_an_endpoint_of_s3_off_this_machine_is_encrypted() -> None:
    need_driver()
    plain = {"AWS_ENDPOINT_URL": "http://s3.example.com:9000"}
    with pytest.raises(ConfigError, match="is not encrypted"):
        open_target("s3://bucket/x", environment=plain)
    open_target("s3://bucket/x", environment=plain, without_tls=True)
    open_target("s3://bucket/x", environment={"AWS_ENDPOINT_URL": "http://127.0.0.1:9000"})
    open_target("s3://bucket/x", environment={"AWS_ENDPOINT_URL": "https://s3.example.com"})


@pytest.mark.parametrize("schema", ["", "pg_catalog", "x" * 64, "é" * 32, "a\0b"])
def test_names_that_no_schema_has(schema: str) -> None:
    with pytest.raises(ConfigError, match="is no name"):
        open_target("postgresql://localhost/d", schema=schema, environment={})


def test_redshift_needs_its_settings() -> None:
    with pytest.raises(ConfigError, match=r"publish\.s3_staging and publish\.iam_role"):
        open_target("redshift://u@h/d", environment={})


@given(
    password=st.text(min_size=3, max_size=20) | st.text("0:/?#@[]%=& a", min_size=3, max_size=8),
    form=st.sampled_from(["postgresql://u:{}@h/d", "postgresql://u:{}@h1:5,h2/d?sslmode=require", "redshift://u:{}@h"]),
)
def test_whatever_a_password_is_no_error_and_no_name_shows_it(password: str, form: str) -> None:
    to = "redshift" if form.startswith("redshift") else "postgresql"
    try:
        told = read_address(to, {GIVEN: form.format(password)}).told
    except BestiaryError as error:
        told = str(error)
    without = [form.replace(":{}@", "@"), "redshift://u@h:5439", str(_unreadable())]
    assert password not in told or any(password in one for one in without)


def _unreadable() -> ConfigError:
    with pytest.raises(ConfigError) as told:
        of("postgresql://u@[h/d")
    return told.value
