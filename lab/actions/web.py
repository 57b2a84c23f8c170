"""The web: pages inside and outside, an API, uploads and downloads, the toy application."""

from __future__ import annotations

from lab.actions.scene import FOLDER, Action, Scene
from lab.command import Command
from lab.services.application import PASSWORD

_OUTSIDE = ("news", "shop", "video", "search", "cloud")
_WORDS = ("printer", "holiday", "travel costs", "room 12", "parts list", "phone", "canteen menu", "O'Neill", "R&D 2026")


def browse(scene: Scene) -> list[Command]:
    """Read a page or a few of the site's own, without TLS."""
    host = scene.name(scene.rng.choice(("www", "static")))
    pace = ("--rate", f"{scene.rng.choice((2, 4, 8))}/s") if scene.rng.random() < 0.3 else ()
    return [scene.fetch(_resources(scene, f"http://{host}", 4), *pace)]


def browse_tls(scene: Scene) -> list[Command]:
    """The same with TLS, in its versions and those of HTTP."""
    host = scene.name(scene.rng.choice(("www", "static", "app")))
    version = scene.rng.choice((("--http1.1",), ("--http2",), ("--http2",)))
    return [scene.fetch(_resources(scene, f"https://{host}", 5), *version)]


def surf(scene: Scene) -> list[Command]:
    """Read a page outside, whose parts come from several hosts at once; then perhaps another."""
    found = []
    for _ in range(scene.rng.choice((1, 1, 2, 3))):
        hosts = scene.rng.sample(_OUTSIDE, scene.rng.randint(1, 3))
        urls = [url for host in hosts for url in _resources(scene, f"https://{scene.name(host)}", 4)]
        page = scene.fetch(urls, "-Z", "--parallel-max", "4")
        found.append(Command(argv=page.argv, seconds=page.seconds, after_s=scene.rng.uniform(0.1, 2.0)))
    return found


def call(scene: Scene) -> list[Command]:
    """Ask the API, or tell it something."""
    base = f"http://{scene.name('app')}:8080/api"
    if scene.rng.random() < 0.5:
        return [scene.fetch([f"{base}/status"])]
    body = '{"item":"' + "x" * scene.rng.randint(5, 1800) + '"}'
    return [scene.fetch([f"{base}/item"], "-H", "Content-Type: application/json", "--data-binary", body)]


def download(scene: Scene) -> list[Command]:
    """Fetch a file, inside or outside."""
    host = scene.name(scene.rng.choice(("www", "cloud", "video")))
    return [scene.fetch([f"{scene.rng.choice(('http', 'https'))}://{host}/file/{scene.number()}.bin"], seconds=25)]


def stream(scene: Scene) -> list[Command]:
    """Fetch a file slowly, as one listens."""
    return [scene.fetch([f"http://{scene.name('video')}/slow/{scene.number()}.bin"], seconds=25)]


def upload(scene: Scene) -> list[Command]:
    """Store a picture or a file outside."""
    kind, suffix = scene.rng.choice((("image", "png"), ("image", "png"), ("file", "bin")))
    source = f"{FOLDER}/pages/{kind}/{scene.number()}.{suffix}"
    target = f"https://{scene.name('cloud')}/upload/{scene.rng.randrange(10**5)}.{suffix}"
    return [scene.curl("-o", "/dev/null", "-T", source, target, seconds=25)]


def miss(scene: Scene) -> list[Command]:
    """Ask for what is not there, or has moved, or has not changed."""
    base = f"http://{scene.name('www')}"
    kind = scene.rng.randrange(3)
    if kind == 0:
        return [scene.fetch([f"{base}/page/{scene.rng.choice(('index.php', 'favicon.ico', 'gone.html'))}"])]
    if kind == 1:
        return [scene.fetch([f"{base}/old/{scene.number()}.html"], "-L")]
    return [scene.fetch([f"{base}/page/{scene.number()}.html"], "-z", "tomorrow")]


def poll(scene: Scene) -> list[Command]:
    """Keep a connection open and ask again and again."""
    urls = [f"http://{scene.name('www')}/api/status"] * scene.rng.randint(3, 6)
    return [scene.fetch(urls, "--rate", f"{scene.rng.choice((10, 15, 20, 30))}/m", seconds=40)]


def search(scene: Scene) -> list[Command]:
    """Search in the toy application, over TLS or not."""
    scheme = scene.rng.choice(("http", "http", "https"))
    queries = scene.rng.sample(_WORDS, scene.rng.randint(1, 3))
    found = []
    for query in queries:
        arguments = ("-G", "--data-urlencode", f"q={query}")
        command = scene.fetch([f"{scheme}://{scene.name('app')}/app/search"], *arguments)
        found.append(Command(argv=command.argv, seconds=command.seconds, after_s=scene.rng.uniform(0.3, 2.0)))
    return found


def log_in(scene: Scene) -> list[Command]:
    """Log in to the toy application; one in five types the password wrong first."""
    form = f"user={scene.host.name}&password="
    url = f"{scene.rng.choice(('http', 'https'))}://{scene.name('app')}/app/login"
    wrong = [scene.fetch([url], "-d", f"{form}corect-horse")] if scene.rng.random() < 0.2 else []
    right = scene.fetch([url], "-d", f"{form}{PASSWORD}", "-L")
    return [*wrong, Command(argv=right.argv, seconds=right.seconds, after_s=1.0 if wrong else 0.0)]


def _resources(scene: Scene, base: str, most: int) -> list[str]:
    kinds = scene.rng.choices((("page", "html"), ("image", "png")), (2, 1), k=scene.rng.randint(1, most))
    return [f"{base}/{kind}/{scene.number()}.{suffix}" for kind, suffix in kinds]


WEB: dict[str, Action] = {
    "browse": browse, "browse_tls": browse_tls, "surf": surf, "call": call, "download": download, "stream": stream,
    "upload": upload, "miss": miss, "poll": poll, "search": search, "log_in": log_in,
}  # fmt: skip
