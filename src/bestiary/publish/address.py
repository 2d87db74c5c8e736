"""Where to publish to: what `--to` says, and the connection string, which no command line may hold a password of.

Off this machine the connection is encrypted and the server's certificate checked (`sslmode=verify-full`, the default
here; libpq's own would give way to plain text). `require` and `verify-ca` are taken where they are named: they encrypt.
The rest is refused, unless it is waived by name.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from bestiary.errors import ConfigError, did_you_mean
from bestiary.web import is_loopback

Kind = Literal["warehouse", "redshift", "s3", "folder"]
VARIABLE = "BESTIARY_WAREHOUSE"
SCHEMES = {"postgresql": "postgresql", "postgres": "postgresql", "redshift": "redshift"}
"""The schemes of connections, and what `--to` is for them."""
ENCRYPTED = ("require", "verify-ca", "verify-full")
SECRETS = ("password", "sslpassword")
"""Parameters of libpq that are secret."""
ALLOWED = (
    "Allowed: postgresql or redshift (the connection is in the environment or a file), "
    "postgresql://USER@HOST/DATABASE without a password, s3://BUCKET/PREFIX, or a folder."
)
REDSHIFT_PORT = 5439


@dataclass(frozen=True)
class Address:
    """Where to publish to. `told` names it without secrets; `uri` is what connects, for libpq, a bucket or a path."""

    kind: Kind
    told: str
    uri: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def redacted(self, text: str) -> str:
        """A text, such as an error of a library, without the secrets."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


def read_address(
    to: str, environment: Mapping[str, str], *, connection_file: Path | None = None, without_tls: bool = False
) -> Address:
    """What `--to` means. Raises ConfigError; its message shows no secret."""
    scheme = to.partition("://")[0].lower() if "://" in to else ""
    if to in ("postgresql", "redshift"):
        return _of_uri(*_given(to, environment, connection_file), to, environment, without_tls=without_tls)
    if connection_file is not None:
        raise ConfigError(
            "--connection-file is given, and --to names the place itself.",
            allowed="The file goes with --to postgresql and --to redshift.",
            do="Leave one of them out.",
        )
    if scheme in SCHEMES:
        if _secrets_in(to):
            raise ConfigError(
                "--to holds a password: the shell's history and the list of processes would keep it.",
                allowed=f"The connection with its password is in {VARIABLE}, or in a file (--connection-file).",
                do=f"Change that password if it was real. Then: --to {SCHEMES[scheme]}; or leave the password out, "
                "and libpq takes PGPASSWORD or ~/.pgpass.",
            )
        return _of_uri(to, "--to", SCHEMES[scheme], environment, without_tls=without_tls)
    if scheme == "s3":
        return _bucket(to, environment)
    if scheme or not to.strip():
        raise ConfigError(
            f"--to {f'{scheme}://...' if scheme else repr(to)} is no place to publish to.", allowed=ALLOWED
        )
    meant = "" if "/" in to else did_you_mean(to, ("postgresql", "redshift"))
    if meant and not Path(to).exists():
        raise ConfigError(
            f"--to {to} is no folder that is there{meant}.", allowed=ALLOWED, do=f"For a new folder: --to ./{to}"
        )
    return Address("folder", str(Path(to).resolve()), str(Path(to).resolve()))


def _given(to: str, environment: Mapping[str, str], file: Path | None) -> tuple[str, str]:
    """The connection string, and where it was found."""
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").strip(), str(file)
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise ConfigError(f"{file}: the connection cannot be read: {why}.", do="Check the path.") from None
    if environment.get(VARIABLE, "").strip():
        return environment[VARIABLE].strip(), VARIABLE
    raise ConfigError(
        f"--to {to} needs a connection, and none is given.",
        allowed=f"It is in the environment ({VARIABLE}), or in a file (--connection-file).",
        do=f"Such as: export {VARIABLE}=postgresql://USER:PASSWORD@HOST/DATABASE",
    )


def _of_uri(uri: str, where: str, to: str, environment: Mapping[str, str], *, without_tls: bool) -> Address:
    """A connection string of libpq, with what we add to it."""
    scheme = uri.partition("://")[0].lower()
    kind: Kind = "redshift" if to == "redshift" else "warehouse"
    parts = _split(uri) if scheme in SCHEMES else None
    if parts is None or (SCHEMES[scheme] == "redshift") > (kind == "redshift"):
        raise ConfigError(
            f"{where} holds no connection that can be read.",  # which is not shown: it may hold a password
            allowed="Such as postgresql://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full",
            do="Write special signs of the password as %23 for #, %40 for @, %2F for /, %25 for %, %20 for a blank.",
        )
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    hosts = _hosts(parts.netloc, asked, environment)
    if not all(_is_here(host) for host in hosts):
        asked["sslmode"] = _sslmode(asked.get("sslmode") or environment.get("PGSSLMODE"), hosts, without_tls)
    asked.setdefault("connect_timeout", "15")
    asked.setdefault("application_name", "bestiary")
    netloc = parts.netloc
    if kind == "redshift" and not re.search(r":\d+$", netloc):
        netloc += f":{REDSHIFT_PORT}"
    full = f"postgresql://{netloc}{parts.path}?{urlencode(asked, quote_via=quote)}"
    user, at, _ = netloc.rpartition("@")
    named = netloc.rpartition("@")[2]
    told = f"{to}://{user.partition(':')[0]}{at}{named}{parts.path}"
    if not named and hosts != [""]:
        told += f"?host={','.join(hosts)}"
    secrets = {*_secrets_in(uri), environment.get("PGPASSWORD", "")} - {""}
    return Address(kind, told, full, tuple(sorted(secrets)))


def _split(uri: str) -> SplitResult | None:
    """The parts of a connection string; None where a special sign of a password may have cut it at the wrong place."""
    try:
        parts = urlsplit(uri)
    except ValueError:  # half of the brackets of an IPv6 address
        return None
    ports = [one.rpartition("]")[2].partition(":")[2] for one in parts.netloc.rpartition("@")[2].split(",")]
    strange = re.search(r"[\s\0-\x1f]", uri) or parts.fragment or "@" in parts.path + parts.query or "#" in uri
    return None if strange or not all(port.isascii() and (port.isdigit() or not port) for port in ports) else parts


def _secrets_in(uri: str) -> Iterable[str]:
    """The secrets of a connection string, as they are written and as they are meant."""
    written = [uri.partition("://")[2].rpartition("@")[0].partition(":")[2]]
    raw = re.findall(rf"[?&](?:{'|'.join(SECRETS)})=([^&#]*)", uri, re.IGNORECASE)
    return {one for text in (*written, *raw) for one in (text, unquote(text)) if one}


def _hosts(netloc: str, asked: Mapping[str, str], environment: Mapping[str, str]) -> list[str]:
    """Where libpq will connect to; empty for its own socket. A service names a host that we do not know."""
    named = asked.get("hostaddr") or environment.get("PGHOSTADDR")
    if not named:
        in_netloc = ",".join(_without_port(one) for one in netloc.rpartition("@")[2].split(","))
        named = asked.get("host") or unquote(in_netloc)
    if not named and (asked.get("service") or environment.get("PGSERVICE")):
        return ["(of a service)"]
    return (named or environment.get("PGHOST", "")).split(",")


def _without_port(one: str) -> str:
    return one[1:].partition("]")[0] if one.startswith("[") else one.partition(":")[0]


def _is_here(host: str) -> bool:
    return not host or host.startswith(("/", "@")) or is_loopback(host)


def _sslmode(mode: str | None, hosts: Iterable[str], without_tls: bool) -> str:
    if without_tls:
        return mode or "prefer"
    if mode in (None, "", *ENCRYPTED):
        return mode or ENCRYPTED[-1]
    raise ConfigError(
        f"sslmode={mode} to {', '.join(hosts)}: the data and the password could go unencrypted.",
        allowed=f"Off this machine: {', '.join(ENCRYPTED)} (the default is {ENCRYPTED[-1]}).",
        do="Take one of these; or say --without-tls where nobody can listen.",
    )


def _bucket(to: str, environment: Mapping[str, str]) -> Address:
    parts = urlsplit(to)
    if not parts.netloc or "@" in parts.netloc or parts.query or parts.fragment:
        raise ConfigError("--to is no bucket.", allowed="Such as s3://bucket/prefix", do="Keys are in the environment.")
    told = f"s3://{parts.netloc}/{parts.path.strip('/')}".rstrip("/")
    secrets = {environment.get(name, "") for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")} - {""}
    return Address("s3", told, told, tuple(sorted(secrets)))
