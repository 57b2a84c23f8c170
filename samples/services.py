"""What the servers of the recording run: nginx, sshd, dnsmasq and chronyd, each with a configuration written here."""

# ruff: noqa: S311, S603, S607

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

from network import APP, DOMAIN, NAMES, SHELL, WEB, Host, Network

PAGES = 60
"""Number of pages, images and downloads of each kind that the web servers hold."""

_NGINX = """
user root; worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; keepalive_timeout 75; server_tokens off; types {{ text/html html; application/json json; }}
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; client_max_body_size 1m;
  gzip on; gzip_types application/json;
  server {{
    listen 80; listen 8080; listen 443 ssl http2; server_name _; root {site};
    ssl_certificate {folder}/server.crt; ssl_certificate_key {folder}/server.key;
    location /upload/ {{ dav_methods PUT; create_full_put_path on; }}
    location /slow/ {{ alias {site}/file/; limit_rate 3k; }}
    location = /api/status {{ default_type application/json; return 200 '{{"status":"ok","queue":3}}'; }}
    location /api/item {{ default_type application/json; return 201 '{{"created":true}}'; }}
    location /old/ {{ return 301 /page/1.html; }}
  }}
}}
"""

_SSHD = """
Port 22
ListenAddress {address}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/client_key.pub
PidFile {folder}/sshd.pid
PermitRootLogin prohibit-password
PasswordAuthentication yes
UsePAM no
UseDNS no
StrictModes no
MaxStartups 60
MaxAuthTries 2
PrintMotd no
Subsystem sftp internal-sftp
"""

_DNSMASQ = """
no-resolv
no-hosts
no-daemon
user=root
listen-address={address}
bind-interfaces
local=/{domain}/
local=/77.10.in-addr.arpa/
host-record=www.{domain},{web}
host-record=app.{domain},{app}
host-record=shell.{domain},{shell}
host-record=ns.{domain},{address}
cname=static.{domain},www.{domain}
cname=api.{domain},app.{domain}
cname=files.{domain},app.{domain}
mx-host={domain},app.{domain},10
txt-record={domain},"v=spf1 mx -all"
srv-host=_ldap._tcp.{domain},app.{domain},389
"""

_CHRONYD = """
local stratum 8
allow 10.77.0.0/24
bindaddress {address}
cmdport 0
bindcmdaddress /
pidfile {folder}/chronyd.pid
"""


def start_services(network: Network, folder: Path, seed: int) -> None:
    """Write configurations and pages below `folder`, start every server, and wait until each answers."""
    site = _write_site(folder / "site", random.Random(seed))
    Path("/run/sshd").mkdir(exist_ok=True)  # sshd insists on its empty folder
    for host in (WEB, APP):
        own = folder / host.name
        own.mkdir()
        _certificate(own)
        (own / "nginx.conf").write_text(_NGINX.format(folder=own, site=site))
        network.start(host, ["nginx", "-c", str(own / "nginx.conf"), "-p", str(own)], log=own / "log")
    for name in ("host_key", "client_key"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(folder / name)], check=True
        )
    names = {"address": NAMES.address, "domain": DOMAIN, "web": WEB.address, "app": APP.address, "shell": SHELL.address}
    configuration = {
        "sshd": _SSHD.format(address=SHELL.address, folder=folder),
        "dnsmasq": _DNSMASQ.format(**names),
        "chronyd": _CHRONYD.format(address=NAMES.address, folder=folder),
    }
    for name, text in configuration.items():
        (folder / f"{name}.conf").write_text(text)
    network.start(SHELL, ["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd.conf")], log=folder / "sshd.log")
    network.start(NAMES, ["dnsmasq", "-C", str(folder / "dnsmasq.conf")], log=folder / "dnsmasq.log")
    chronyd = ["chronyd", "-d", "-x", "-u", "root", "-f", str(folder / "chronyd.conf")]  # -x: never touches the clock
    network.start(NAMES, chronyd, log=folder / "chronyd.log")
    for host, port in ((WEB, 80), (WEB, 443), (APP, 8080), (SHELL, 22), (NAMES, 53)):
        _wait(network, host, port)


def _write_site(site: Path, rng: random.Random) -> Path:
    words = [
        f"{rng.choice('bcdfglmnprst')}{rng.choice('aeiou')}{rng.choice('nrstl')}{rng.choice('aeiou')}"
        for _ in range(400)
    ]
    for kind in ("page", "image", "file", "upload"):
        (site / kind).mkdir(parents=True)
    for number in range(PAGES):
        text = " ".join(rng.choices(words, k=max(40, int(rng.lognormvariate(5.5, 0.9)))))
        (site / "page" / f"{number}.html").write_text(f"<html><body><p>{text}</p></body></html>\n")
        (site / "image" / f"{number}.png").write_bytes(rng.randbytes(max(300, int(rng.lognormvariate(7.5, 0.9)))))
        (site / "file" / f"{number}.bin").write_bytes(rng.randbytes(min(60_000, int(rng.lognormvariate(9.2, 0.8)))))
    return site


def _certificate(folder: Path) -> None:
    key, certificate = str(folder / "server.key"), str(folder / "server.crt")
    subject = ["-subj", f"/CN=www.{DOMAIN}", "-addext", f"subjectAltName=DNS:*.{DOMAIN}"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
    command = ["openssl", "req", "-x509", *kind, *subject, "-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)


def _wait(network: Network, host: Host, port: int, *, seconds: float = 10.0) -> None:
    """Ask the kernel of `host` until `port` listens; nothing is sent."""
    end = time.monotonic() + seconds
    command = network.command(host, ["ss", "-Hltn", f"sport = :{port}"])
    while time.monotonic() < end:
        if subprocess.run(command, capture_output=True, check=True).stdout:
            return
        time.sleep(0.1)
    raise RuntimeError(f"{host.name} does not listen on port {port} after {seconds:g} s")
