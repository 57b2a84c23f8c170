"""Files: vsftpd, Samba and rsync, each for everybody, each with the pages of the web server."""

from __future__ import annotations

from pathlib import Path

from lab.services.base import Service
from lab.site import Site

_VSFTPD = """
listen=YES
background=NO
listen_address={address}
anonymous_enable=YES
local_enable=YES
write_enable=NO
anon_root={pages}
no_anon_password=YES
secure_chroot_dir={folder}/empty
pam_service_name=login
seccomp_sandbox=NO
xferlog_enable=NO
pasv_min_port=40000
pasv_max_port=40400
max_clients=60
delay_failed_login=1
"""

_SAMBA = """
[global]
  server role = standalone server
  interfaces = {address}/32
  bind interfaces only = yes
  disable netbios = yes
  smb ports = 445
  map to guest = bad user
  guest account = nobody
  private dir = {own}
  lock directory = {own}
  state directory = {own}
  cache directory = {own}
  pid directory = {own}
  ncalrpc dir = {own}/rpc
  load printers = no
  printing = bsd
  printcap name = /dev/null
  disable spoolss = yes
  log file = {own}/log
[share]
  path = {pages}
  guest ok = yes
  read only = yes
"""

_RSYNC = """
use chroot = no
pid file = {folder}/rsyncd.pid
[pages]
  path = {pages}
  read only = yes
"""


def file_servers(site: Site, folder: Path, pages: Path) -> list[Service]:
    """Configure all three."""
    (folder / "empty").mkdir()
    (folder / "samba" / "rpc").mkdir(parents=True)
    ftp, samba, rsync = (site.running(name) for name in ("ftp", "samba", "rsync"))
    own = folder / "samba"
    (folder / "vsftpd.conf").write_text(_VSFTPD.format(address=ftp.address, pages=pages, folder=folder))
    (own / "smb.conf").write_text(_SAMBA.format(address=samba.address, own=own, pages=pages))
    (folder / "rsyncd.conf").write_text(_RSYNC.format(folder=folder, pages=pages))
    smbd = ("smbd", "--foreground", "--no-process-group", "--debug-stdout", f"--configfile={own / 'smb.conf'}")
    rsyncd = ("rsync", "--daemon", "--no-detach", f"--address={rsync.address}", f"--config={folder / 'rsyncd.conf'}")
    return [
        Service(name="vsftpd", host=ftp, argv=("vsftpd", str(folder / "vsftpd.conf")), port=21),
        Service(name="smbd", host=samba, argv=smbd, port=445),
        Service(name="rsyncd", host=rsync, argv=rsyncd, port=873),
    ]
