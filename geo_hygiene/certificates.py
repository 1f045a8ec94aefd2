"""Certificates for HTTPS: the one that an office names, or the one that a home makes for itself."""

from __future__ import annotations

import ipaddress
import os
import secrets
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from geo_hygiene.errors import GeoHygieneError
from geo_hygiene.i18n import _

SELF_MADE = Path("tls", "self-made.pem")
"""File of a home: key and certificate."""
LIFE = timedelta(days=825)
"""Phones take none that is good for longer."""
LEAST_LEFT = timedelta(days=30)


class CertificateUnusableError(GeoHygieneError):
    """A certificate or its key can not be used."""


@dataclass(frozen=True)
class Certificate:
    """Files in the PEM form; both may be one."""

    chain: Path
    key: Path

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 fingerprint as browsers show it."""
        return _first(self.chain).fingerprint(hashes.SHA256()).hex(":").upper()


def given(chain: Path, key: Path) -> Certificate:
    """Return the certificate that an office names.

    Raises
    ------
    CertificateUnusableError
        If it can not be read, does not fit its key, or is not good today.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key, password=lambda: "")
        certificate = _first(chain)
    except (OSError, ValueError) as error:
        raise CertificateUnusableError(
            _(
                "The certificate %(chain)s with the key %(key)s can not be used: %(reason)s",
                chain=chain,
                key=key,
                reason=error,
            )
        ) from error
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not begin <= datetime.now(UTC) < end:
        raise CertificateUnusableError(
            _(
                "The certificate %(chain)s is good from %(begin)s to %(end)s only.",
                chain=chain,
                begin=begin.date(),
                end=end.date(),
            )
        )
    return Certificate(chain, key)


def self_made(home: Path, names: Iterable[str]) -> Certificate:
    """Return the certificate of a home; a new one where there is none for these names and addresses, or it is old.

    Raises
    ------
    OSError
        If it can not be written.
    """
    path, wanted = home / SELF_MADE, [_general(name) for name in dict.fromkeys(names)]
    if not _is_good(path, wanted):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, _made(wanted))
    return Certificate(path, path)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _first(chain: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates(chain.read_bytes())[0]


def _is_good(path: Path, wanted: Iterable[x509.GeneralName]) -> bool:
    try:
        certificate = _first(path)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    return certificate.not_valid_after_utc - datetime.now(UTC) > LEAST_LEFT and set(wanted) <= set(names)


def _made(names: list[x509.GeneralName]) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "geo_hygiene")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
