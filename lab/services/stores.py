"""PostgreSQL with one table, and Mosquitto."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from lab.errors import ServiceError
from lab.services.base import Service
from lab.site import Site

_TABLE = """
create table item (number integer primary key, name text, amount numeric);
insert into item select n, md5(n::text), n * 1.5 from generate_series(1, 3000) as n;
grant select, insert on item to public;
"""


def database(site: Site, folder: Path) -> Service:
    """Make a database cluster of one table; PostgreSQL insists on not being root."""
    host, own = site.running("database"), folder / "database"
    own.mkdir()
    shutil.chown(own, "postgres", "postgres")
    programs = _programs()
    user = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
    make = [*user, str(programs / "initdb"), "-D", str(own / "cluster"), "-U", "lab", "-A", "trust", "-E", "UTF8"]
    subprocess.run([*make, "--no-sync", "--locale=C"], check=True, capture_output=True, cwd="/")
    with (own / "cluster" / "pg_hba.conf").open("a") as rules:
        rules.writelines(f"host all all {network} trust\n" for network in site.networks)
    single = [*user, str(programs / "postgres"), "--single", "-D", str(own / "cluster"), "postgres"]
    lines = _TABLE.replace("\n", " ").replace(";", ";\n")
    subprocess.run(single, input=lines.encode(), check=True, capture_output=True, cwd="/")
    settings = ("-h", host.address, "-k", "", "-F", "-c", "ssl=off", "-c", "max_connections=60")
    argv = (*user, str(programs / "postgres"), "-D", str(own / "cluster"), *settings)
    return Service(name="postgres", host=host, argv=argv, port=5432)


def broker(site: Site, folder: Path) -> Service:
    """Configure Mosquitto for everybody."""
    host = site.running("broker")
    (folder / "mosquitto.conf").write_text(f"listener 1883 {host.address}\nallow_anonymous true\nuser root\n")
    return Service(name="mosquitto", host=host, argv=("mosquitto", "-c", str(folder / "mosquitto.conf")), port=1883)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        raise ServiceError("there is no PostgreSQL below /usr/lib/postgresql; run lab/install.sh")
    return found[-1].parent
