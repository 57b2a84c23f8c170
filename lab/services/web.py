"""nginx with TLS: the site's own web server in front of the toy application, and those of the world outside."""

from __future__ import annotations

import sys
from pathlib import Path

from lab.services.base import Service
from lab.shell import output
from lab.site import Site

APPLICATION_PORT = 8000
"""Of the toy application, on the web server's loopback."""

_NGINX = """
user root; worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_timeout 65; server_tokens off; types {{ text/html html; application/json json; }}
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; client_max_body_size 20m;
  gzip on; gzip_types application/json; server_names_hash_bucket_size 128;
  server {{
    listen 80; listen 443 ssl http2; listen 8080; server_name _; root {pages};
    ssl_certificate {folder}/server.crt; ssl_certificate_key {folder}/server.key; ssl_protocols {tls};
    location /upload/ {{ dav_methods PUT; create_full_put_path on; }}
    location /slow/ {{ alias {pages}/file/; limit_rate 6k; }}
    location = /api/status {{ default_type application/json; return 200 '{{"status":"ok","queue":3}}'; }}
    location = /api/item {{ default_type application/json; return 201 '{{"created":true}}'; }}
    location /old/ {{ return 301 /page/1.html; }}
    location /app/ {{ {app} }}
    location /mirror/ {{ alias {mirror}/; }}
    location /repository/ {{ alias {repository}/; }}
  }}
}}
"""


def web_servers(site: Site, folder: Path, pages: Path) -> list[Service]:
    """Configure the site's web server, its application, and the web server of the outside world."""
    web = site.running("web")
    forward = f"proxy_pass http://127.0.0.1:{APPLICATION_PORT};"
    return [
        _nginx(site, "web", folder, pages, app=forward, tls=site.tls),
        *(
            _nginx(site, name, folder, pages, app="return 404;", tls="TLSv1.2 TLSv1.3")
            for name in ("world", "command")
        ),
        Service(
            name="application", host=web, port=APPLICATION_PORT,
            argv=(sys.executable, "-m", "lab.services.application", str(APPLICATION_PORT)),
        ),
    ]  # fmt: skip


def _nginx(site: Site, service: str, folder: Path, pages: Path, *, app: str, tls: str) -> Service:
    own = folder / f"nginx-{service}"
    own.mkdir()
    _write_certificate(own, site)
    places = {"mirror": folder / "mirror", "repository": folder / "repository"}
    (own / "nginx.conf").write_text(_NGINX.format(folder=own, pages=pages, app=app, tls=tls, **places))
    argv = ("nginx", "-c", str(own / "nginx.conf"), "-p", str(own))
    return Service(name=f"nginx-{service}", host=site.running(service), argv=argv, port=443)


def _write_certificate(folder: Path, site: Site) -> None:
    key, certificate = str(folder / "server.key"), str(folder / "server.crt")
    subject = ["-subj", f"/CN=www.{site.domain}", "-addext", f"subjectAltName=DNS:*.{site.domain}"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
    output("openssl", "req", "-x509", *kind, *subject, "-keyout", key, "-out", certificate)
