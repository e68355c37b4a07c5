"""A directory of our own: Debian's slapd on loopback, with TLS whose certificate our own authority signed."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tests.packages import require

BASE = "dc=city,dc=example,dc=jp"
READER = f"cn=reader,{BASE}"
_SCHEMA = Path("/etc/ldap/schema")


@dataclass
class Slapd:
    port: int  # of ldaps
    plain_port: int  # of ldap, with StartTLS
    ca: Path
    process: subprocess.Popen[bytes]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.asynccontextmanager
async def slapd(folder: Path) -> AsyncIterator[Slapd]:
    """Until the block ends: suzuki and sato with passwords, mori whose account is locked, refer whose entry lies
    elsewhere, twin twice, and a reader who looks people up."""
    program = shutil.which("slapd") or shutil.which("/usr/sbin/slapd") or require("slapd")
    require("openssl")
    await asyncio.to_thread(_certificates, folder)
    ports = free_port(), free_port()
    elsewhere = f"ldap://127.0.0.1:{free_port()}/"
    (folder / "slapd.conf").write_text(
        f"""
include {_SCHEMA}/core.schema
include {_SCHEMA}/cosine.schema
include {_SCHEMA}/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile {folder}/slapd.pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
security simple_bind=128

database mdb
suffix "{BASE}"
rootdn "cn=admin,{BASE}"
rootpw admin-password
directory {folder}/db
overlay ppolicy
ppolicy_default "cn=rules,{BASE}"
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{READER}" read by * none
"""
    )
    (folder / "all.ldif").write_text(
        f"""dn: {BASE}
objectClass: dcObject
objectClass: organization
o: city
dc: city

dn: ou=people,{BASE}
objectClass: organizationalUnit
ou: people

dn: ou=more,{BASE}
objectClass: organizationalUnit
ou: more

dn: cn=rules,{BASE}
objectClass: device
objectClass: pwdPolicy
cn: rules
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxAge: 8640000

{_person("suzuki", "suzuki's password")}
{_person("sato", "sato's password")}
{_person("mori", "mori's password", "pwdAccountLockedTime: 000001010000Z")}
{_person("ueda", "ueda's password", "pwdChangedTime: 20200101000000Z")}
{_person("twin", "twin's password")}
{_person("twin", "twin's password", unit="more")}
dn: uid=refer,ou=people,{BASE}
objectClass: referral
objectClass: extensibleObject
uid: refer
ref: {elsewhere}uid=refer,ou=people,{BASE}

dn: {READER}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: reader-password
"""
    )
    (folder / "reader.secret").write_text("reader-password\n")
    conf = ["-f", str(folder / "slapd.conf")]
    added = await asyncio.to_thread(
        subprocess.run, [program, "-Tadd", "-q", *conf, "-l", str(folder / "all.ldif")], capture_output=True, text=True
    )
    assert added.returncode == 0, added.stderr
    at = f"ldaps://127.0.0.1:{ports[0]}/ ldap://127.0.0.1:{ports[1]}/"
    process = subprocess.Popen(  # noqa: ASYNC220 (returns at once)
        [program, *conf, "-h", at, "-d", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for port in ports:
            await _listens(port)
        yield Slapd(*ports, folder / "ca.pem", process)
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 10)


def _person(uid: str, password: str, *more: str, unit: str = "people") -> str:
    lines = (
        f"dn: uid={uid},ou={unit},{BASE}", "objectClass: inetOrgPerson", f"uid: {uid}", f"cn: {uid}", f"sn: {uid}",
        f"userPassword: {password}", *more,
    )  # fmt: skip
    return "\n".join(lines) + "\n"


def _certificates(folder: Path) -> None:
    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    (folder / "db").mkdir(parents=True)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    for name in ("ca", "other"):
        openssl("req", "-x509", *key, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}",
                "-days", "2")  # fmt: skip
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=directory")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
            "server.pem", "-days", "2", "-extfile", "names")  # fmt: skip


async def _listens(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return
    raise TimeoutError("slapd doesn't listen")
