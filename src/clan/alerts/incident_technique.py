"""ATT&CK techniques of named classes. Nothing is guessed from the shape of an incident: no name, no technique."""

from __future__ import annotations

from typing import NamedTuple


class Technique(NamedTuple):
    """A technique of MITRE ATT&CK, enterprise matrix.

    Attributes:
        technique_id: Such as `T1110.001`.
        name: Its name.
        tactic: The tactic that it serves here.
    """

    technique_id: str
    name: str
    tactic: str


_SCAN = Technique("T1046", "Network Service Discovery", "discovery")
_ACTIVE = Technique("T1595", "Active Scanning", "reconnaissance")
_WEB_SCAN = Technique("T1595.002", "Vulnerability Scanning", "reconnaissance")
_GUESS = Technique("T1110.001", "Password Guessing", "credential-access")
_SPRAY = Technique("T1110.003", "Password Spraying", "credential-access")
_BRUTE = Technique("T1110", "Brute Force", "credential-access")
_NETWORK_DOS = Technique("T1498", "Network Denial of Service", "impact")
_FLOOD = Technique("T1498.001", "Direct Network Flood", "impact")
_REFLECTION = Technique("T1498.002", "Reflection Amplification", "impact")
_ENDPOINT_DOS = Technique("T1499", "Endpoint Denial of Service", "impact")
_EXHAUSTION = Technique("T1499.002", "Service Exhaustion Flood", "impact")
_EXPLOIT = Technique("T1190", "Exploit Public-Facing Application", "initial-access")
_C2 = Technique("T1071", "Application Layer Protocol", "command-and-control")
_C2_WEB = Technique("T1071.001", "Web Protocols", "command-and-control")
_C2_DNS = Technique("T1071.004", "DNS", "command-and-control")
_TUNNEL = Technique("T1572", "Protocol Tunneling", "command-and-control")
_EXFILTRATION = Technique("T1048", "Exfiltration Over Alternative Protocol", "exfiltration")
_MIDDLE = Technique("T1557", "Adversary-in-the-Middle", "credential-access")
_MIDDLE_ARP = Technique("T1557.002", "ARP Cache Poisoning", "credential-access")
_LATERAL = Technique("T1021", "Remote Services", "lateral-movement")

TECHNIQUES: dict[str, Technique] = {
    **dict.fromkeys(("port scan", "portscan", "syn scan", "tcp scan", "udp scan", "scan", "probe", "nmap",
                     "service scan", "slow scan", "connect scan", "fin scan", "xmas scan", "null scan", "ack scan",
                     "scan tcp syn", "scan tcp ack", "scan udp", "scan version", "discovery", "ping sweep",
                     "host sweep"), _SCAN),
    **dict.fromkeys(("active scanning", "reconnaissance", "infiltration portscan"), _ACTIVE),
    **dict.fromkeys(("web scan", "web recon", "vulnerability scan", "web crawl"), _WEB_SCAN),
    **dict.fromkeys(("brute force", "bruteforce", "web attack brute force", "credential stuffing"), _BRUTE),
    **dict.fromkeys(("ssh brute force", "ftp brute force", "bruteforce ssh", "bruteforce ftp", "ssh patator",
                     "ftp patator", "ssh guessing", "ftp guessing", "web guessing", "password guessing"), _GUESS),
    "password spraying": _SPRAY,
    **dict.fromkeys(("ddos", "dos", "denial of service"), _NETWORK_DOS),
    **dict.fromkeys(("syn flood", "udp flood", "icmp flood", "ddos syn flood", "flood"), _FLOOD),
    **dict.fromkeys(("ddos reflection", "reflection", "amplification", "dns amplification"), _REFLECTION),
    **dict.fromkeys(("dos hulk", "dos goldeneye", "http flood"), _EXHAUSTION),
    **dict.fromkeys(("dos slowloris", "slowloris", "dos slowhttptest", "slow http", "slow headers",
                     "slow body"), _ENDPOINT_DOS),
    **dict.fromkeys(("exploit", "exploits", "heartbleed", "log4shell", "sql injection", "sqli", "web sqli", "xss",
                     "cross site scripting", "web xss", "web attack sql injection", "web attack xss"), _EXPLOIT),
    **dict.fromkeys(("c2", "command and control", "botnet", "bot", "beacon", "c2 beacon"), _C2),
    **dict.fromkeys(("http beacon", "https beacon", "c2 http"), _C2_WEB),
    **dict.fromkeys(("dns beacon", "c2 dns", "dns tunnel"), _C2_DNS),
    **dict.fromkeys(("tunnel", "icmp tunnel", "ssh tunnel"), _TUNNEL),
    **dict.fromkeys(("exfiltration", "dns exfil", "dns exfiltration", "data exfiltration"), _EXFILTRATION),
    "adversary in the middle": _MIDDLE,
    **dict.fromkeys(("arp spoof", "arp spoofing"), _MIDDLE_ARP),
    **dict.fromkeys(("lateral movement", "lateral"), _LATERAL),
}  # fmt: skip
"""Name of a class, in lower case with single blanks, to its technique."""


def technique_of(label: str) -> Technique | None:
    """Give the technique that a class stands for; None for `unknown`, `benign` and every name that is not in the table.

    Args:
        label: Name of a class; case, underscores and hyphens make no difference.

    Example:
        >>> technique_of("Port_Scan").technique_id, technique_of("unknown")
        ('T1046', None)
    """
    return TECHNIQUES.get(" ".join(label.lower().replace("_", " ").replace("-", " ").split()))
