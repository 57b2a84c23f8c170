"""Mail, the message broker, and the database."""

from __future__ import annotations

from lab.actions.scene import Action, Scene
from lab.command import Command

_QUERIES = (
    "select count(*) from item",
    "select * from item where number = {number}",
    "select name, amount from item where amount > {number} order by amount limit {few}",
    "select avg(amount) from item group by number % {few}",
    "insert into item select max(number) + 1, 'new', 1 from item on conflict do nothing",
)


def mail(scene: Scene) -> list[Command]:
    """Send a message."""
    domain, size = scene.site.domain, min(60_000, int(scene.rng.lognormvariate(7.5, 1.2)))
    text = f"From: <{scene.host.name}@{domain}>\nSubject: {size}\n\n" + "lorem ipsum dolor\n" * (size // 18)
    to = ("--mail-from", f"{scene.host.name}@{domain}", "--mail-rcpt", f"office@{domain}")
    command = scene.curl(f"smtp://{scene.name('mail')}", *to, "-T", "-")
    return [Command(argv=command.argv, given=text, seconds=command.seconds)]


def query(scene: Scene) -> list[Command]:
    """Ask the database one thing or several."""
    questions = [
        scene.rng.choice(_QUERIES).format(number=scene.rng.randrange(3000), few=scene.rng.randint(2, 200))
        for _ in range(scene.rng.choice((1, 1, 2, 5)))
    ]
    asked = [word for question in questions for word in ("-c", question)]
    argv = ("psql", "-X", "-q", "-h", scene.name("db"), "-U", "lab", "postgres", *asked)
    return [Command(argv=argv, seconds=12)]


def publish(scene: Scene) -> list[Command]:
    """Tell the broker a reading."""
    reading = f'{{"t":{scene.rng.uniform(15, 30):.2f},"h":{scene.rng.uniform(30, 70):.1f}}}'
    to = ("-h", scene.site.running("broker").address, "-t", f"site/{scene.host.name}", "-i", scene.host.name)
    times = ("--repeat", f"{scene.rng.randint(2, 5)}", "--repeat-delay", "1") if scene.rng.random() < 0.2 else ()
    return [Command(argv=("mosquitto_pub", *to, "-q", "1", "-m", reading, *times), seconds=12)]


def listen(scene: Scene) -> list[Command]:
    """Listen to readings for a while."""
    seconds = scene.rng.randint(10, 35)
    to = ("-h", scene.site.running("broker").address, "-t", "site/#", "-k", "10", "-W", f"{seconds}")
    return [Command(argv=("mosquitto_sub", *to), seconds=seconds + 5)]


def report(scene: Scene) -> list[Command]:
    """Send readings to the API, as a small device does."""
    body = "&".join(f"v{number}={scene.rng.uniform(0, 99):.3f}" for number in range(scene.rng.randint(3, 12)))
    return [scene.fetch([f"http://{scene.name('app')}:8080/api/item"], "-d", body)]


MESSAGES: dict[str, Action] = {"mail": mail, "query": query, "publish": publish, "listen": listen, "report": report}
