"""A certificate for `localhost`, and who vouches for it; for tests, and for an hour."""

import datetime
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def make_certificate(folder):
    """Writes them below `folder`: the files of the authority, the certificate and its key."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def signed(name, key, issuer, issuer_key, *extensions):
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(hours=1))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(issuer_key, hashes.SHA256())

    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    basic = (x509.BasicConstraints(ca=True, path_length=0), True)
    authority = signed("tests", authority_key, "tests", authority_key, basic)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    certificate = signed(
        "localhost", key, "tests", authority_key, (names, False), (x509.BasicConstraints(ca=False, path_length=None), True)
    )
    folder = pathlib.Path(folder)
    paths = [folder / name for name in ("authority.pem", "certificate.pem", "key.pem")]
    pem = serialization.Encoding.PEM
    paths[0].write_bytes(authority.public_bytes(pem))
    paths[1].write_bytes(certificate.public_bytes(pem))
    paths[2].write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return [str(path) for path in paths]
