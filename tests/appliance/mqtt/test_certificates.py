"""A real broker with a certificate of its own CA, which asks the unit for one."""

import ipaddress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from appliance.errors import SettingsError
from appliance.mqtt.cycle import connect
from appliance.mqtt.secrets import make_tls_context
from appliance.mqtt.settings_check import check
from appliance.mqtt.topics import Topics
from appliance.sections.network import MqttSettings
from appliance.settings import Settings
from provisioning.free_ports import find_free_port
from tests.stand_ins.mosquitto import mosquitto, needs_broker
from tests.waiting import wait_until

DAY = timedelta(days=1)
Signer = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def make_certificate(
    directory: Path,
    name: str,
    signer: Signer | None = None,
    passphrase: bytes | None = None,
    *,
    lasts: timedelta = DAY,
    address: str = "127.0.0.1",
) -> Signer:
    """NAME.crt and NAME.key in PEM, for that address; a CA where nobody signs it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer[0].subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + lasts)
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
    )
    if signer:
        named = x509.IPAddress(ipaddress.ip_address(address))
        built = built.add_extension(x509.SubjectAlternativeName([named]), critical=False)
    made = built.sign(signer[1] if signer else key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    hidden: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        hidden = serialization.BestAvailableEncryption(passphrase)
    form = serialization.PrivateFormat.PKCS8
    (directory / f"{name}.crt").write_bytes(made.public_bytes(pem))
    (directory / f"{name}.key").write_bytes(key.private_bytes(pem, form, hidden))
    return made, key


@pytest.fixture
def own(tmp_path: Path) -> MqttSettings:
    ca = make_certificate(tmp_path, "ca")
    make_certificate(tmp_path, "broker", ca)
    make_certificate(tmp_path, "unit", ca)
    make_certificate(tmp_path, "other-ca")
    return MqttSettings(
        host="127.0.0.1",
        port=find_free_port(),
        tls=True,
        ca_file=tmp_path / "ca.crt",
        certificate_file=tmp_path / "unit.crt",
        key_file=tmp_path / "unit.key",
    )


def list_lines(directory: Path) -> list[str]:
    files = ("cafile ca.crt", "certfile broker.crt", "keyfile broker.key")
    lines = [f"{key} {directory / name}" for key, name in (one.split() for one in files)]
    return [*lines, "require_certificate true", "user root"]


def find_trouble(settings: Settings, own: MqttSettings) -> str:
    """Why the broker does not take the unit, "" where it does."""
    site = replace(settings, mqtt=own)
    broker = connect(site, Topics(site, "test"))
    first = broker.trouble
    broker.start()
    wait_until(lambda: broker.trouble != first, "an answer")
    found = broker.trouble
    broker.close()
    return found


@needs_broker
def test_the_unit_and_the_broker_know_each_other(
    settings: Settings, own: MqttSettings, tmp_path: Path
) -> None:
    with mosquitto(tmp_path, own.port, *list_lines(tmp_path)):
        assert find_trouble(settings, own) == ""
        assert find_trouble(settings, replace(own, ca_file=tmp_path / "other-ca.crt"))
        assert find_trouble(settings, replace(own, ca_file=None)), "the system knows no such CA"
        bare = replace(own, certificate_file=None, key_file=None)
        assert "a certificate of the unit" in find_trouble(settings, bare)
        plain = MqttSettings(host=own.host, port=own.port)
        assert "may want TLS" in find_trouble(settings, plain)


def test_a_certificate_and_its_key_may_be_one_file(own: MqttSettings, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes((tmp_path / "unit.crt").read_bytes() + (tmp_path / "unit.key").read_bytes())
    assert make_tls_context(replace(own, certificate_file=both, key_file=None))


def test_what_cannot_be_used_is_said_before_the_service_ends_with_it(
    settings: Settings, own: MqttSettings, tmp_path: Path
) -> None:
    ca = make_certificate(tmp_path, "ca")
    make_certificate(tmp_path, "locked", ca, passphrase=b"secret")
    (tmp_path / "text").write_text("no certificate")
    for change, says in (
        ({"ca_file": tmp_path / "none"}, "`ca_file`"),
        ({"ca_file": tmp_path / "text"}, "must hold certificates in PEM"),
        ({"ca_file": Path("/dev/zero")}, "no regular file"),
        ({"key_file": tmp_path / "other-ca.key"}, "`certificate_file` and `key_file`"),
        ({"certificate_file": tmp_path / "text"}, "`certificate_file` and `key_file`"),
        (
            {"certificate_file": tmp_path / "locked.crt", "key_file": tmp_path / "locked.key"},
            "passphrase",
        ),
    ):
        wrong = replace(own, **change)  # type: ignore[arg-type]
        with pytest.raises(SettingsError, match=says):
            make_tls_context(wrong)
        (found,) = check(replace(settings, mqtt=wrong))
        assert says.split("`")[-1] in found.text
    assert list(check(replace(settings, mqtt=own))) == []


def test_files_that_do_nothing_are_said(settings: Settings, own: MqttSettings) -> None:
    def list_places(**change: object) -> list[str]:
        site = replace(settings, mqtt=replace(own, **change))  # type: ignore[arg-type]
        return [found.where[-1] for found in check(site)]

    assert list_places(tls=False) == ["ca_file", "certificate_file", "key_file"]
    assert list_places(certificate_file=None) == ["key_file"]


@needs_broker
def test_a_certificate_that_is_refused_is_said_with_its_reason(
    settings: Settings, own: MqttSettings, tmp_path: Path
) -> None:
    ca = make_certificate(tmp_path, "ca")
    for change, why in (
        ({"lasts": -timedelta(hours=1)}, "certificate has expired"),
        ({"address": "127.0.0.9"}, "certificate is not valid for '127.0.0.1'"),
    ):
        make_certificate(tmp_path, "broker", ca, **change)
        with mosquitto(tmp_path, own.port, *list_lines(tmp_path)):
            trouble = find_trouble(settings, own)
            assert "shows a certificate that the unit does not accept" in trouble
            assert why in trouble
        own = replace(own, port=find_free_port())


@needs_broker
def test_a_broker_without_tls_is_no_broker_that_does_not_answer(
    settings: Settings, own: MqttSettings, tmp_path: Path
) -> None:
    with mosquitto(tmp_path, own.port):
        assert "does not speak TLS as the unit does" in find_trouble(settings, own)
    assert "does not answer (Connection refused)" in find_trouble(settings, own)
